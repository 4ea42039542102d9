using System.Formats.Cbor;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Collection against a fake of the kernel's files: a tree that behaves as configfs does, and a device that answers as the Nitro module.</summary>
public sealed class CollectionTests : IDisposable
{
    private static readonly byte[] ReportData = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("aivm-tsm-");

    [Fact]
    public void A_quote_is_collected_and_cut_to_its_length()
    {
        var quote = FakeQuote.Tdx4.Encode();
        var kernel = new FakeTsm(_root.FullName, "tdx_guest\n", [.. quote, .. new byte[70]]);
        var collected = new ConfigfsTsm(kernel).Collect("aivm", ReportData);
        Assert.Equal(EvidenceKind.Tdx, collected.Kind);
        Assert.Equal(quote, collected.Bytes.ToArray());
        Assert.Equal(ReportData, kernel.InBlob);
    }

    [Fact]
    public void A_report_comes_with_the_certificates_that_the_host_has()
    {
        byte[] table = [.. new byte[15], 1, 48, 0, 0, 0, 3, 0, 0, 0, .. new byte[24], 7, 8, 9];
        var kernel = new FakeTsm(_root.FullName, "sev_guest\n", new FakeProcessor().Report()) { AuxBlob = table };
        var collected = new ConfigfsTsm(kernel).Collect("aivm", ReportData);
        Assert.Equal((EvidenceKind.SevSnp, SnpReport.Size), (collected.Kind, collected.Bytes.Length));
        Assert.Equal([7, 8, 9], Assert.Single(collected.Certificates).ToArray());
    }

    [Theory]
    [InlineData("arm_cca_guest\n", "tsm-provider")]
    [InlineData("tdx_guest\n", "quote-truncated")]
    public void Another_provider_and_half_a_quote_are_refused(string provider, string code)
    {
        var kernel = new FakeTsm(_root.FullName, provider, FakeQuote.Tdx4.Encode()[..600]);
        Assert.Equal(code, Assert.Throws<AivmException>(() => new ConfigfsTsm(kernel).Collect("aivm", ReportData)).Error.Code);
    }

    [Fact]
    public void Another_writer_is_noticed()
    {
        var kernel = new FakeTsm(_root.FullName, "sev_guest\n", new FakeProcessor().Report()) { Writes = 2 };
        Assert.Equal("tsm-conflict", Assert.Throws<AivmException>(() => new ConfigfsTsm(kernel).Collect("aivm", ReportData)).Error.Code);
    }

    [Fact]
    public void A_request_leaves_nothing_behind()
    {
        new ConfigfsTsm(new FakeTsm(_root.FullName, "sev_guest\n", new FakeProcessor().Report())).Collect("aivm", ReportData);
        Assert.Throws<AivmException>(() => new ConfigfsTsm(new FakeTsm(_root.FullName, "other\n", [])).Collect("aivm", ReportData));
        Assert.Empty(_root.GetDirectories());
    }

    [Fact]
    public void A_machine_without_the_interface_is_named()
    {
        var exception = Assert.Throws<AivmException>(() => new ConfigfsTsm(new TsmFiles(Path.Combine(_root.FullName, "absent"))).Collect("aivm", ReportData));
        Assert.Equal(("tsm-absent", Failure.Environment), (exception.Error.Code, exception.Failure));
        // An empty folder is no configfs: the fields do not come.
        Assert.Equal("tsm-failed", Assert.Throws<AivmException>(() => new ConfigfsTsm(new TsmFiles(_root.FullName)).Collect("aivm", ReportData)).Error.Code);
        _root.CreateSubdirectory("aivm");
        Assert.Equal("tsm-busy", Assert.Throws<AivmException>(() => new ConfigfsTsm(new TsmFiles(_root.FullName)).Collect("aivm", ReportData)).Error.Code);
        Assert.Throws<ArgumentException>(() => new ConfigfsTsm(new TsmFiles(_root.FullName)).Collect("other", new byte[32]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("FFFFFFFF")]
    [InlineData("0100000000000000000000000000000000000000FFFFFFFFFFFFFFFF")]
    [InlineData("01000000000000000000000000000000FFFFFFFFFFFFFFFF")]
    public void A_table_of_certificates_names_nothing_outside_itself(string table) =>
        Assert.Empty(SnpCertificateTable.Read(Convert.FromHexString(table)));

    [Fact]
    public void A_Nitro_document_is_asked_for_with_user_data()
    {
        var device = new FakeNsm(writer =>
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("Attestation");
            writer.WriteStartMap(1);
            writer.WriteTextString("document");
            writer.WriteByteString(new FakeNitro().Encode());
            writer.WriteEndMap();
            writer.WriteEndMap();
        });
        var collected = new NitroSecureModule(device).Collect(ReportData);
        Assert.Null(Verdicts.Refusal(collected.Bytes.ToArray(), Array.Empty<byte[]>()));
        // a1 6b "Attestation" a3 69 "user_data" 58 40 …
        Assert.Equal("A16B4174746573746174696F6EA369757365725F6461746158" + "40" + Convert.ToHexString(ReportData), Convert.ToHexString(device.Request!)[..(50 + 2 + 128)]);
    }

    [Fact]
    public void A_refusal_of_the_module_is_named()
    {
        var refusing = new FakeNsm(writer =>
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("Error");
            writer.WriteTextString("InvalidArgument");
            writer.WriteEndMap();
        });
        var exception = Assert.Throws<AivmException>(() => new NitroSecureModule(refusing).Collect(ReportData));
        Assert.Equal("nsm-failed", exception.Error.Code);
        Assert.Contains("InvalidArgument", exception.Message);
        Assert.Equal("nsm-failed", Assert.Throws<AivmException>(() => new NitroSecureModule(new FakeNsm(writer => writer.WriteInt32(1))).Collect(ReportData)).Error.Code);
    }

    [Fact]
    public void A_machine_without_the_module_is_named()
    {
        var device = new NsmDevice(Path.Combine(_root.FullName, "nsm"));
        Assert.Equal("nsm-absent", Assert.Throws<AivmException>(() => device.Exchange([1])).Error.Code);
    }

    /// <summary>A file is no device: the kernel refuses the ioctl, and the refusal has a name.</summary>
    [Fact]
    public void A_file_in_the_place_of_the_module_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux's ioctl");
        var path = Path.Combine(_root.FullName, "nsm");
        File.WriteAllBytes(path, []);
        Assert.Equal("nsm-failed", Assert.Throws<AivmException>(() => new NsmDevice(path).Exchange([1])).Error.Code);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private sealed class FakeNsm(Action<CborWriter> answer) : INsmDevice
    {
        public byte[]? Request { get; private set; }

        public byte[] Exchange(ReadOnlySpan<byte> request)
        {
            Request = request.ToArray();
            var writer = new CborWriter(CborConformanceMode.Lax);
            answer(writer);
            return writer.Encode();
        }
    }
}
