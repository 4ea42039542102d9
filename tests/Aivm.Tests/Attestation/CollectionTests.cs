using System.Formats.Cbor;
using Aivm.Attestation;
using Aivm.Primitives;
using Aivm.Tests.Attestation.Fakes;

namespace Aivm.Tests.Attestation;

/// <summary>Collection against a fake of the kernel's files: a tree that behaves as configfs does, and a device that answers as the Nitro module.</summary>
public sealed class CollectionTests : IDisposable
{
    private const string Vcek = "63da758d-e664-4564-adc5-f4b93be8accd";
    private const string Vlek = "a8074bc2-a25a-483e-aae6-39c045a0b8a1";
    private const string Ask = "4ab7b379-bbac-4fe4-a02f-05aef327c782";
    private const string Ark = "c0b406a4-a803-4952-9743-3fb6014cd0ae";

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
        var kernel = new FakeTsm(_root.FullName, "sev_guest\n", new FakeProcessor().Report()) { AuxBlob = Table((Vcek, [7, 8, 9])) };
        var collected = new ConfigfsTsm(kernel).Collect("aivm", ReportData);
        Assert.Equal((EvidenceKind.SevSnp, SnpReport.Size), (collected.Kind, collected.Bytes.Length));
        Assert.Equal([7, 8, 9], Assert.Single(collected.Certificates).ToArray());
    }

    /// <summary>A cloud has both keys' certificates in one table, a list of revocations, and what it likes.</summary>
    [Theory]
    [InlineData("genoa-v3")]
    [InlineData("genoa-vlek")]
    [InlineData("turin-v5")]
    [InlineData("turin-vlek")]
    public void Of_all_that_a_host_has_the_certificates_of_the_signing_key_are_taken(string form)
    {
        var processor = FakeProcessor.Named(form);
        byte[][] chip = (processor with { SigningKey = SnpSigningKey.Chip }).Certificates, provider = (processor with { SigningKey = SnpSigningKey.Provider }).Certificates;
        var table = Table(
            (Vcek, chip[0]), (Vlek, provider[0]), (Ask, chip[1]), (Ask, provider[1]), (Ark, chip[2]),
            ("92f81bc3-5811-4d3d-97ff-d19f88dc67ea", [0x30, 0x00]), ("ecae0c0f-9502-43b1-afa2-0ae2e0d565b6", [1, 2, 3]));
        var kernel = new FakeTsm(_root.FullName, "sev_guest\n", processor.Report()) { AuxBlob = table };
        var collected = new ConfigfsTsm(kernel).Collect("aivm", ReportData);
        byte[][] certificates = [.. collected.Certificates.Select(certificate => certificate.ToArray())];
        Assert.Equal([processor.SigningKey == SnpSigningKey.Chip ? chip[0] : provider[0], chip[1], provider[1], chip[2]], certificates);
        Assert.Null(Verdicts.Refusal(collected.Bytes.ToArray(), certificates));
    }

    [Fact]
    public void A_report_that_is_none_is_refused_where_it_is_collected()
    {
        var kernel = new FakeTsm(_root.FullName, "sev_guest\n", new FakeProcessor { Version = 4 }.Report());
        Assert.Equal("snp-version", Assert.Throws<AivmException>(() => new ConfigfsTsm(kernel).Collect("aivm", ReportData)).Error.Code);
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
    [InlineData("63DA758DE6644564ADC5F4B93BE8ACCD" + "FFFFFFFF" + "FFFFFFFF")]
    [InlineData("63DA758DE6644564ADC5F4B93BE8ACCD" + "00000000" + "19000000")]
    [InlineData("63DA758DE6644564ADC5F4B93BE8ACCD" + "19000000" + "00000000")]
    public void A_table_of_certificates_names_nothing_outside_itself(string table) =>
        Assert.Empty(SnpCertificateTable.Read(Convert.FromHexString(table), SnpSigningKey.Chip));

    [Fact]
    public void A_table_of_certificates_ends_after_sixteen_entries()
    {
        (string, byte[])[] entries = [.. Enumerable.Repeat(("ecae0c0f-9502-43b1-afa2-0ae2e0d565b6", new byte[] { 1 }), 15), (Vcek, [7]), (Ask, [8])];
        Assert.Equal([7], Assert.Single(SnpCertificateTable.Read(Table(entries), SnpSigningKey.Chip)).ToArray());
    }

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

    /// <summary>As a host writes it: entries, zeros, and what the entries name.</summary>
    private static byte[] Table(params (string Guid, byte[] Value)[] entries)
    {
        var (head, values) = (new List<byte>(), new List<byte>());
        foreach (var (guid, value) in entries)
        {
            head.AddRange(Guid.Parse(guid).ToByteArray(bigEndian: true));
            head.AddRange(BitConverter.GetBytes(24 * (entries.Length + 1) + values.Count));
            head.AddRange(BitConverter.GetBytes(value.Length));
            values.AddRange(value);
        }
        return [.. head, .. new byte[24], .. values];
    }

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
