using Aivm.Primitives;

namespace Aivm.Tests.ConsensusRules;

/// <summary>What every validator computes is integers only: floating point gives other bits on other machines.</summary>
public sealed class FloatTests
{
    [Theory]
    [InlineData("Aivm.Primitives")]
    [InlineData("Aivm.State")]
    [InlineData("Aivm.Inference")]
    [InlineData("Aivm.Proofs")]
    [InlineData("Aivm.Attestation")]
    [InlineData("Aivm.Chain")]
    public void A_consensus_assembly_has_no_floating_point(string assembly)
    {
        var finds = FloatScanner.Scan(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        Assert.True(finds.Count == 0, $"{assembly} uses floating point:\n{string.Join('\n', finds)}");
    }

    [Theory]
    [InlineData("_field", "a field with a floating-point type")]
    [InlineData("_nullable", "a field with a floating-point type")]
    [InlineData("_wanted", "a field with a floating-point type")]
    [InlineData("Takes", "a parameter or result with a floating-point type")]
    [InlineData("Gives", "a parameter or result with a floating-point type")]
    [InlineData("Spans", "a parameter or result with a floating-point type")]
    [InlineData("Ratio", "conv.r8")]
    [InlineData("Unsigned", "conv.r.un")]
    [InlineData("Constant", "ldc.r8")]
    [InlineData("Small", "ldc.r4")]
    [InlineData("Element", "ldelem.r4")]
    [InlineData("Store", "stelem.r8")]
    [InlineData("Indirect", "ldind.r8")]
    [InlineData("Keep", "stind.r4")]
    [InlineData("Local", "a local variable with a floating-point type")]
    [InlineData("Calls", "call of System.Math.Sqrt")]
    [InlineData("Parses", "System.Double.Parse")]
    [InlineData("Generic", "System.Array.Empty")]
    [InlineData("Allocates", "newarr of System.Single")]
    [InlineData("Reads", "System.Half")]
    [InlineData("Money", "System.Decimal")]
    public void The_scanner_finds(string member, string what)
    {
        var finds = FloatScanner.Scan(typeof(FloatTests).Assembly.Location, type => type.EndsWith(nameof(Floating), StringComparison.Ordinal));
        Assert.Contains(finds, find => find.Contains($"{nameof(Floating)}.{member}:", StringComparison.Ordinal) && find.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void The_scanner_finds_nothing_where_only_integers_are()
    {
        var finds = FloatScanner.Scan(typeof(FloatTests).Assembly.Location, type => type.EndsWith(nameof(Integral), StringComparison.Ordinal));
        Assert.Empty(finds);
    }

#pragma warning disable CS0169, CS0649, IDE0044, IDE0051
    /// <summary>One member for each way in which a float gets into an assembly.</summary>
    private static unsafe class Floating
    {
        private static float _field;
        private static double? _nullable;
        private static Dictionary<string, Func<float[]>>? _wanted;

        private static void Takes(double value) => _ = value;

        private static float Gives() => _field;

        private static void Spans(ReadOnlySpan<float> values) => _ = values.Length;

        private static bool Ratio(long a, long b) => (double)a / b > (double)b;

        private static bool Unsigned(ulong a) => (double)a > Gives();

        private static bool Constant(long a) => a * 0.5 > a;

        private static bool Small(long a) => a * 0.5f > a;

        private static bool Element(Array values) => ((float[])values)[0] > 0;

        private static void Store(Array values) => ((double[])values)[0] = 1;

        private static bool Indirect(nint at) => *(double*)at > 0;

        private static void Keep(nint at) => *(float*)at = 1;

        private static bool Local(Array values)
        {
            var sum = 0f;
            foreach (var value in (float[])values)
                sum += value;
            return sum > 0;
        }

        private static long Calls(long a) => (long)Math.Sqrt(a);

        private static bool Parses(string text) => double.Parse(text) > 0;

        private static object Generic() => Array.Empty<double>();

        private static object Allocates() => new float[3];

        private static bool Reads(ReadOnlySpan<byte> bytes) => System.Buffers.Binary.BinaryPrimitives.ReadHalfLittleEndian(bytes) == default;

        private static long Money(long a) => (long)(a * 1.5m);
    }

    private static class Integral
    {
        private static readonly Dictionary<Address, UInt256[]> Balances = [];

        private static UInt256 Scale(UInt256 a, int shift) => Balances.Count > 0 ? a << shift : a;

        private static string Describe(Address address, long value)
        {
            switch (value)
            {
                case 0: return "none";
                case 1: return $"{address} {value}";
                case 2: return address.ToChecksumString();
                case 3: return Scale((ulong)value, 3).ToString();
                default: return "many";
            }
        }
    }
#pragma warning restore CS0169, CS0649, IDE0044, IDE0051
}
