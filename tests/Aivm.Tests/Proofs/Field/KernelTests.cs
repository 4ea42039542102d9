using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

/// <summary>Each kernel at each level against its definition, with lengths and offsets that fit no vector.</summary>
[Collection(nameof(FieldSimd))]
public sealed class KernelTests
{
    private static readonly int[] Counts = [0, 1, 7, 15, 16, 17, 31, 100, 333, 1029];

    public static TheoryData<int> Levels => [.. Enum.GetValues<FieldLevel>().Where(FieldSimd.IsSupported).Select(level => (int)level)];

    [Theory, MemberData(nameof(Levels))]
    public void Eq_tables(int level) => At(level, random =>
    {
        for (var bits = 0; bits <= 9; bits++)
        {
            var point = Enumerable.Range(0, bits).Select(_ => Elements.RandomExt(random)).ToArray();
            var scale = Elements.RandomExt(random);
            using var table = new ExtArray(1 << bits);
            ExtKernels.EqTable(point, scale, table);
            Elements.AssertEqual(table, i => Enumerable.Range(0, bits).Aggregate(scale, (product, k) => product * ((i >> k & 1) != 0 ? point[k] : Ext4.One - point[k])));
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Scaled_sums_and_products(int level) => At(level, random =>
    {
        foreach (var count in Counts)
        {
            var (at, aAt, bAt, k) = (random.Next(20), random.Next(20), random.Next(20), Elements.RandomExt(random));
            using var a = Elements.Random(random, aAt + count + 3);
            using var b = Elements.Random(random, bAt + count);
            using var f = Elements.RandomBase(random, bAt + count + 1);
            Expect((sums, _) => ExtKernels.AddScaled(sums, at, k, a, aAt, count), i => k * a[aAt + i]);
            Expect((sums, _) => ExtKernels.AddScaled(sums, at, k, f, bAt, count), i => k * f[bAt + i]);
            Expect((sums, _) => ExtKernels.AddProducts(sums, at, a, aAt, b, bAt, count), i => a[aAt + i] * b[bAt + i]);
            Expect((sums, _) => ExtKernels.AddProducts(sums, at, a, aAt, f, bAt, count), i => a[aAt + i] * f[bAt + i]);
            var felts = Enumerable.Range(bAt, count).Select(i => f[i]).ToArray();
            Expect((sums, _) => ExtKernels.AddProducts(sums, at, a, aAt, felts), i => a[aAt + i] * felts[i]);

            var (dot, dotBase, sum) = (Ext4.Zero, Ext4.Zero, Ext4.Zero);
            for (var i = 0; i < count; i++)
            {
                dot += a[aAt + i] * b[bAt + i];
                dotBase += a[aAt + i] * f[bAt + i];
                sum += a[aAt + i];
            }
            Assert.Equal(dot, ExtKernels.Dot(a, aAt, b, bAt, count));
            Assert.Equal(dotBase, ExtKernels.Dot(a, aAt, f, bAt, count));
            Assert.Equal(dotBase, ExtKernels.Dot(a, aAt, felts));
            Assert.Equal(sum, ExtKernels.Sum(a, aAt, count));

            var before = a.ToArray();
            ExtKernels.Scale(a, k);
            Elements.AssertEqual(a, i => before[i] * k);
            using var factors = Elements.RandomBase(random, a.Length);
            ExtKernels.Scale(a, factors);
            Elements.AssertEqual(a, i => before[i] * k * factors[i]);

            void Expect(Action<ExtArray, int> kernel, Func<int, Ext4> term)
            {
                using var sums = Elements.Random(random, at + count + 2);
                var before = sums.ToArray();
                kernel(sums, at);
                Elements.AssertEqual(sums, i => i >= at && i < at + count ? before[i] + term(i - at) : before[i]);
            }
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Products_of_base_elements_and_canonical_numbers(int level) => At(level, random =>
    {
        foreach (var count in Counts)
        {
            var (at, aAt, bAt) = (random.Next(20), random.Next(20), random.Next(20));
            using var a = Elements.RandomBase(random, aAt + count);
            using var b = Elements.RandomBase(random, bAt + count + 2);
            using var result = Elements.RandomBase(random, at + count + 1);
            var last = result[at + count];
            FieldKernels.Multiply(a, aAt, b, bAt, result, at, count);
            for (var i = 0; i < count; i++)
                Assert.Equal(a[aAt + i] * b[bAt + i], result[at + i]);
            Assert.Equal(last, result[at + count]);

            var words = Enumerable.Range(0, count).Select(i => i == 0 ? Felt.Modulus - 1 : a[aAt + i].ToUInt32()).ToArray();
            var elements = words.ToArray();
            FieldKernels.FromCanonical(elements);
            Assert.Equal(words.Select(word => Felt.From(word).Montgomery), elements);
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Folds_and_rounds_of_a_sumcheck(int level) => At(level, random =>
    {
        foreach (var (half, length) in new[] { (1, 1), (1, 2), (2, 3), (16, 16), (16, 32), (32, 45), (64, 50), (512, 1000), (1024, 2048) })
        {
            var r = Elements.RandomExt(random);
            using var a = Elements.Random(random, length);
            using var v = Elements.Random(random, length);
            using var f = Elements.RandomBase(random, length);
            var (before, other, plain) = (a.ToArray(), v.ToArray(), Enumerable.Range(0, length).Select(i => (Ext4)f[i]).ToArray());

            Assert.Equal(Round(before, other, half), ExtKernels.SumcheckRound(a, v, half));
            Assert.Equal(Round(before, plain, half), ExtKernels.SumcheckRound(a, f, half));

            using var folded = new ExtArray(5);
            ExtKernels.Fold(f, half, r, folded);
            ExtKernels.Fold(a, half, r);
            Assert.Equal(Math.Min(half, length), a.Length);
            Assert.Equal(Math.Min(half, length), folded.Length);
            Elements.AssertEqual(a, i => At(before, i) + (r * (At(before, i + half) - At(before, i))));
            Elements.AssertEqual(folded, i => At(plain, i) + (r * (At(plain, i + half) - At(plain, i))));
        }

        static Ext4 At(Ext4[] elements, int i) => i < elements.Length ? elements[i] : Ext4.Zero;

        static (Ext4, Ext4) Round(Ext4[] a, Ext4[] v, int half)
        {
            var (atZero, leading) = (Ext4.Zero, Ext4.Zero);
            for (var i = 0; i < half; i++)
            {
                atZero += At(a, i) * At(v, i);
                leading += (At(a, i + half) - At(a, i)) * (At(v, i + half) - At(v, i));
            }
            return (atZero, leading);
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Rows_combined(int level) => At(level, random =>
    {
        foreach (var (rows, columns) in new[] { (0, 5), (1, 16), (2, 40), (7, 33), (8, 256), (37, 300), (3, 1100) })
        {
            var (at, sumsAt, stride) = (random.Next(9), random.Next(9), columns + random.Next(5));
            using var weights = Elements.Random(random, rows);
            using var matrix = Elements.RandomBase(random, at + (rows * stride));
            using var sums = Elements.Random(random, sumsAt + columns + 1);
            var before = sums.ToArray();
            ExtKernels.CombineRows(sums, sumsAt, weights, matrix, at, stride, columns);
            Elements.AssertEqual(sums, i =>
            {
                var sum = before[i];
                for (var row = 0; row < rows && i >= sumsAt && i < sumsAt + columns; row++)
                    sum += weights[row] * matrix[at + (row * stride) + i - sumsAt];
                return sum;
            });
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Sums_of_the_largest_elements_do_not_overflow(int level) => At(level, _ =>
    {
        const int Count = 4096;
        var last = Felt.FromMontgomery(Felt.Modulus - 1);
        var element = new Ext4(last, last, last, last);
        using var a = new ExtArray(Count);
        using var f = new FeltArray(Count);
        for (var i = 0; i < Count; i++)
            (a[i], f[i]) = (element, last);
        Assert.Equal(element * element * Felt.From(Count), ExtKernels.Dot(a, 0, a, 0, Count));
        Assert.Equal(element * last * Felt.From(Count), ExtKernels.Dot(a, 0, f, 0, Count));
        using var sums = new ExtArray(32);
        ExtKernels.CombineRows(sums, 0, a, f, 0, 0, 32);
        Elements.AssertEqual(sums, _ => element * last * Felt.From(Count));
    });

    [Theory, MemberData(nameof(Levels))]
    public void Integers(int level) => At(level, random =>
    {
        foreach (var count in Counts)
        {
            var at = random.Next(20);
            var longs = Enumerable.Range(0, count).Select(i => i switch { 0 => long.MinValue, 1 => long.MaxValue, 2 => -1, 3 => int.MinValue, _ => random.NextInt64() * (1 - (2 * (i & 1))) }).ToArray();
            Expect(result => ExtKernels.FromIntegers(longs, result, at), i => longs[i]);
            var ints = longs.Select(value => unchecked((int)value)).ToArray();
            Expect(result => ExtKernels.FromIntegers(ints, result, at), i => ints[i]);
            var shorts = longs.Select(value => unchecked((short)value)).ToArray();
            Expect(result => ExtKernels.FromIntegers(shorts, result, at), i => shorts[i]);
            var bytes = longs.Select(value => unchecked((sbyte)value)).ToArray();
            Expect(result => ExtKernels.FromIntegers(bytes, result, at), i => bytes[i]);

            void Expect(Action<FeltArray> kernel, Func<int, long> integer)
            {
                using var result = new FeltArray(at + count + 1);
                kernel(result);
                for (var i = 0; i < result.Length; i++)
                    Assert.Equal(i >= at && i < at + count ? (uint)(((integer(i - at) % Felt.Modulus) + Felt.Modulus) % Felt.Modulus) : 0, result[i].ToUInt32());
            }
        }
    });

    [Theory, MemberData(nameof(Levels))]
    public void Inverses(int level) => At(level, random =>
    {
        foreach (var count in Counts)
        {
            using var a = Elements.Random(random, count);
            for (var i = 0; i < count; i += 5)
                a[i] = Ext4.Zero;
            var before = a.ToArray();
            ExtKernels.Invert(a);
            Elements.AssertEqual(a, i => before[i].Inverse());
        }
    });

    [Fact]
    public void Ranges_outside_of_an_array_are_refused()
    {
        using var a = new ExtArray(20);
        using var f = new FeltArray(20);
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.Dot(a, 1, f, 0, 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.Dot(a, 0, f, -1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.AddScaled(a, int.MaxValue, Ext4.One, f, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.Fold(a, 9, Ext4.One));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.EqTable(new Ext4[5], Ext4.One, a));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExtKernels.CombineRows(a, 0, a, f, 0, 1, 2));
    }

    [Theory, MemberData(nameof(Levels))]
    public void Base_elements(int level) => At(level, random =>
    {
        foreach (var count in Counts)
        {
            var (at, k) = (random.Next(20), Elements.RandomBase(random, 1)[0]);
            using var a = Elements.RandomBase(random, at + count + 2);
            using var b = Elements.RandomBase(random, count + 1);
            using var sums = Elements.RandomBase(random, count + 3);
            var (before, original) = (Copy(sums), Copy(a));
            FieldKernels.AddScaled(sums, k, b, count);
            Assert.Equal(before.Select((sum, i) => i < count ? sum + (k * b[i]) : sum), Copy(sums));
            FieldKernels.Scale(a, at, k, count);
            Assert.Equal(original.Select((x, i) => i >= at && i < at + count ? x * k : x), Copy(a));

            var integers = new int[count];
            foreach (var (i, end) in new[] { 0, 1, -1, (int)(Felt.Modulus / 2), -(int)(Felt.Modulus / 2) }.Index().Where(end => end.Index < count))
                b[i] = Felt.From(end);
            FieldKernels.ToIntegers(b, integers);
            Assert.Equal(Copy(b)[..count], integers.Select(integer => Felt.From(integer)));
            Assert.All(integers, integer => Assert.InRange(integer, -(int)(Felt.Modulus / 2), (int)(Felt.Modulus / 2)));
        }

        static Felt[] Copy(FeltArray array) => [.. Enumerable.Range(0, array.Length).Select(i => array[i])];
    });

    private static void At(int level, Action<Random> test) => FieldLevels.At((FieldLevel)level, () => test(new Random(level)));
}
