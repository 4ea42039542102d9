using System.Globalization;
using System.IO.Compression;
using System.Text;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using CsCheck;
using static Aivm.Tests.Compiler.NumpyFile;

namespace Aivm.Tests.Compiler;

public sealed class InputFilesTests
{
    [Fact]
    public void Csv_is_read_with_or_without_a_header_and_with_any_line_ends()
    {
        foreach (var text in new[] { "1,2.5\n-3,4e-1\n", "a,b\n1,2.5\n-3,4e-1", "\uFEFF\"x, y\",z\r\n1, 2.5 \r\n-3,4e-1\r\n\r\n" })
        {
            var samples = Inputs.Read("x.csv", text);
            Assert.Equal((2, 2), (samples.Count, samples.Width));
            Assert.Equal([1, 2.5], samples.Reals(0));
            Assert.Equal([-3000L, 400], samples.Fixed(1, 3));
        }
    }

    [Theory]
    [InlineData("1,inf\n1,2\n")]
    [InlineData("1e999999999,2\n1,2\n")]
    [InlineData("\"1\",2\n1,2\n")]
    [InlineData("approved,2")]
    public void A_first_line_that_mixes_numbers_and_text_is_refused_and_never_taken_for_a_header(string text)
    {
        var exception = Assert.Throws<AivmException>(() => Inputs.Read("x.csv", text));
        Assert.Equal("input-value", exception.Error.Code);
        Assert.StartsWith("Line 1, column ", exception.Message);
    }

    [Fact]
    public void A_file_is_read_up_to_its_limit_and_no_further()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[1000]);
            Assert.Equal(1000, BoundedFile.Read(path, 1000, "too-large").Length);
            Assert.Equal("too-large", Assert.Throws<AivmException>(() => BoundedFile.Read(path, 999, "too-large")).Error.Code);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_device_without_an_end_is_refused_at_the_limit()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "there is no /dev/zero");
        Assert.Equal("too-large", Assert.Throws<AivmException>(() => BoundedFile.Read("/dev/zero", 100_000, "too-large")).Error.Code);
        Assert.Empty(BoundedFile.Read("/dev/null", 100_000, "too-large"));
    }

    [Fact]
    public void A_directory_in_the_place_of_a_file_is_named_as_one()
    {
        var exception = Assert.Throws<AivmException>(() => InputFiles.Read(Path.GetTempPath()));
        Assert.Equal(("file-unreadable", Failure.Input), (exception.Error.Code, exception.Failure));
        Assert.Contains("is a directory", exception.Message);
    }

    [Fact]
    public void Json_npz_and_npy_hold_the_same_samples_as_csv()
    {
        var csv = Inputs.Read("x.csv", "1,2,3\n4,5,250");
        var json = Inputs.Read("x.json", "[[1, 2, 3], [[4], [5, 250]]]");
        var npz = Inputs.Read("x.npz", Npz(("x", Npy("|u1", "(2, 3)", [1, 2, 3, 4, 5, 250]))));
        var npy = Inputs.Read("x.npy", Npy("|u1", "(2, 3)", [1, 2, 3, 4, 5, 250]));
        foreach (var samples in new[] { json, npz, npy })
        {
            Assert.Equal(csv.Count, samples.Count);
            for (var row = 0; row < csv.Count; row++)
            {
                Assert.Equal(csv.Reals(row), samples.Reals(row));
                Assert.Equal(csv.Bytes(row), samples.Bytes(row));
            }
        }
    }

    public static TheoryData<string, byte[], double[]> Arrays() => new()
    {
        { "<f4", [0, 0, 0xC0, 0x3F, 0, 0, 0x80, 0xBE], [1.5, -0.25] },
        { "<f8", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0xD0, 0xBF], [1.5, -0.25] },
        { "<i2", [0xFE, 0xFF, 0, 1], [-2, 256] },
        { "<u2", [0xFE, 0xFF, 0, 1], [65534, 256] },
        { "<i4", [0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 1, 0], [-2, 65536] },
        { "<i8", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0], [-2, 65536] },
        { "|i1", [0xFE, 7], [-2, 7] },
    };

    [Theory]
    [MemberData(nameof(Arrays))]
    public void Npz_arrays_of_every_common_type_are_read(string type, byte[] data, double[] expected)
    {
        foreach (var compression in new[] { CompressionLevel.NoCompression, CompressionLevel.Optimal })
        {
            var samples = Inputs.Read("x.npz", Npz(compression, ("other", Npy("|u1", "(1,)", [1])), ("x", Npy(type, "(1, 2)", data))));
            Assert.Equal(expected, samples.Reals(0));
        }
    }

    [Fact]
    public void Float32_becomes_fixed_point_exactly_and_halves_go_to_the_even_neighbour()
    {
        Assert.True(DecimalNumber.TryToFixed(0.28f, 9, out var n));
        Assert.Equal(280000001, n);
        foreach (var (text, decimals, expected) in new[]
        {
            ("0.5", 0, 0L), ("1.5", 0, 2), ("-0.5", 0, 0), ("-1.5", 0, -2), ("2.5", 0, 2), ("0.25", 1, 2), ("0.35", 1, 4), ("2.50000000000000000000000000001", 0, 3),
            ("9223372036854775807", 0, long.MaxValue), ("-9223372036854775808", 0, long.MinValue), ("1e18", 0, 1000000000000000000), ("1e-400", 18, 0), ("+.5", 1, 5), ("5.", 1, 50),
        })
        {
            Assert.True(DecimalNumber.TryToFixed(text, decimals, out n), text);
            Assert.Equal(expected, n);
        }
        foreach (var text in new[] { "", ".", "-", "1e", "e5", "1.2.3", "0x10", "1_000", " 1", "nan", "inf", "9223372036854775808", "1e999", "1e19", "１" })
            Assert.False(DecimalNumber.TryToFixed(text, 0, out _), text);
    }

    [Fact]
    public void Decimal_text_survives_as_many_decimals_as_it_has() =>
        Gen.Select(Gen.Long[-1_000_000_000_000, 1_000_000_000_000], Gen.Int[0, 18]).Sample((n, decimals) =>
        {
            var text = FormattableString.Invariant($"{n}e-{decimals}");
            return DecimalNumber.TryToFixed(text, decimals, out var back) && back == n;
        }, iter: 1000);

    [Fact]
    public void A_double_rounds_as_its_exact_decimal_expansion_does() =>
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Int[0, 9]).Sample((x, decimals) =>
        {
            Assert.True(DecimalNumber.TryToFixed(x, decimals, out var fromDouble));
            // 120 decimals hold every binary digit of such a double.
            Assert.True(DecimalNumber.TryToFixed(x.ToString("F120", CultureInfo.InvariantCulture), decimals, out var fromText));
            return fromDouble == fromText;
        }, iter: 500);

    [Fact]
    public void Missing_values_are_told_from_numbers()
    {
        foreach (var text in new[] { "1,,3", "1,NaN,3", "1,NA,3", "a,b,c\n1,,3" })
        {
            var samples = Inputs.Read("x.csv", text);
            Assert.True(double.IsNaN(samples.Reals(0)[1]));
            Assert.Equal([1L, long.MinValue, 3], samples.Fixed(0, 0, missing: long.MinValue));
            var refusal = Assert.Throws<AivmException>(() => samples.Fixed(0, 0));
            Assert.Contains("Row 1, column 2", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_are_integers_from_0_to_255()
    {
        foreach (var text in new[] { "256", "-1", "0.5", "1e3" })
            Assert.Equal("input-value", Assert.Throws<AivmException>(() => Inputs.Read("x.csv", text).Bytes(0)).Error.Code);
        Assert.Equal([255L], Inputs.Read("x.csv", "2.55e2").Bytes(0));
    }

    public static TheoryData<string, string, string> BadTexts() => new()
    {
        { "x.csv", "", "input-format" },
        { "x.csv", "a,b", "input-format" },
        { "x.csv", "1,2\n3", "input-format" },
        { "x.csv", "1,2\n\n3,4", "input-format" },
        { "x.csv", "1,2\n3,x", "input-value" },
        { "x.json", "", "input-format" },
        { "x.json", "{}", "input-format" },
        { "x.json", "[1, 2]", "input-format" },
        { "x.json", "[[1], [1, 2]]", "input-format" },
        { "x.json", "[[1], [\"2\"]]", "input-format" },
        { "x.json", "[[1], [true]]", "input-format" },
        { "x.json", "[[1]", "input-format" },
        { "x.json", "[[1]] 2", "input-format" },
        { "x.json", "[[[[[[[[[[[[[[1]]]]]]]]]]]]]]", "input-format" },
        { "x.json", "[]", "input-format" },
        { "x.npz", "not a zip", "input-format" },
        { "x.txt", "1", "input-format" },
    };

    [Theory]
    [MemberData(nameof(BadTexts))]
    public void A_file_that_is_no_table_of_numbers_is_refused_by_name(string name, string text, string code)
    {
        var refusal = Assert.Throws<AivmException>(() => Inputs.Read(name, text));
        Assert.True(refusal.Error.Code == code, refusal.Error.ToString());
        Assert.Equal(Failure.Input, refusal.Failure);
    }

    [Fact]
    public void A_number_that_is_none_is_named_with_its_line_and_column()
    {
        var refusal = Assert.Throws<AivmException>(() => Inputs.Read("x.csv", "a,b,c\n1,2,3\n4,5,6x"));
        Assert.Equal("Line 3, column 3 of the input is not a number.", refusal.Message);
    }

    [Fact]
    public void A_missing_file_is_bad_input() =>
        Assert.Equal("file-not-found", Assert.Throws<AivmException>(() => InputFiles.Read("/nowhere/x.csv")).Error.Code);

    public static TheoryData<string, byte[]> BadArchives() => new()
    {
        { "an array twice", Npz(("a", Npy("|u1", "(1,)", [1])), ("a", Npy("|u1", "(1,)", [1]))) },
        { "a type of texts", Npz(("x", Npy("<U4", "(1,)", [1, 0, 0, 0]))) },
        { "big-endian numbers", Npz(("x", Npy(">f4", "(1,)", [1, 0, 0, 0]))) },
        { "objects", Npz(("x", Npy("|O", "(1,)", [1]))) },
        { "no axis", Npz(("x", Npy("|u1", "()", [1]))) },
        { "no sample", Npz(("x", Npy("|u1", "(0, 3)", []))) },
        { "fewer bytes than the shape wants", Npz(("x", Npy("|u1", "(2, 3)", [1, 2, 3]))) },
        { "more bytes than the shape wants", Npz(("x", Npy("|u1", "(1, 3)", [1, 2, 3, 4]))) },
        { "a shape beyond all memory", Npz(("x", Npy("|u1", "(999999999, 999999999, 999999999)", [1]))) },
        { "a broken header", Npz(("x", [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 255, 255, 1, 2])) },
        { "an empty file", Npz(("x", [])) },
        { "no file", Npz() },
    };

    [Theory]
    [MemberData(nameof(BadArchives))]
    public void An_archive_without_a_plain_array_is_refused(string what, byte[] archive)
    {
        var refusal = Assert.Throws<AivmException>(() => Inputs.Read("x.npz", archive));
        Assert.True(refusal.Error.Code is "input-format" or "input-too-large", $"{what}: {refusal.Error}");
    }

    [Fact]
    public void An_archive_that_unfolds_to_more_than_it_says_is_refused()
    {
        var archive = Npz(CompressionLevel.Optimal, ("x", Npy("|u1", "(1, 1000000)", new byte[1_000_000])));
        // The uncompressed size, in the local header and in the directory.
        var size = BitConverter.GetBytes(1_000_000 + 128);
        for (var at = archive.AsSpan().IndexOf(size); at >= 0; at = archive.AsSpan().IndexOf(size))
            archive[at + 1] ^= 0x40;
        Assert.Throws<AivmException>(() => Inputs.Read("x.npz", archive));
    }

    [Fact]
    public void A_file_cut_or_changed_anywhere_is_read_or_refused_but_never_fails_otherwise()
    {
        byte[][] files =
        [
            Npz(("x", Npy("<f4", "(2, 3)", new byte[24]))), Npz(CompressionLevel.NoCompression, ("x", Npy("|u1", "(2, 3)", new byte[6]))),
            Encoding.UTF8.GetBytes("a,b\n1,2\n3.5,-4e-1\n"), Encoding.UTF8.GetBytes("[[1, 2.5], [-3e-2, null]]"),
        ];
        var names = new[] { "x.npz", "x.npz", "x.csv", "x.json" };
        var random = new Random(11);
        for (var f = 0; f < files.Length; f++)
        {
            for (var length = 0; length < files[f].Length; length++)
                ReadOrRefuse(names[f], files[f][..length]);
            for (var i = 0; i < 200; i++)
            {
                var changed = (byte[])files[f].Clone();
                for (var changes = random.Next(1, 4); changes > 0; changes--)
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                ReadOrRefuse(names[f], changed);
            }
        }
    }

    private static void ReadOrRefuse(string name, byte[] file)
    {
        try
        {
            var samples = Inputs.Read(name, file);
            for (var row = 0; row < Math.Min(samples.Count, 4); row++)
                samples.Reals(row);
        }
        catch (AivmException refusal)
        {
            Assert.Equal(Failure.Input, refusal.Failure);
        }
    }
}
