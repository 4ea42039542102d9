using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class WeightKeyTests : IDisposable
{
    private const string Password = "correct horse";

    private static readonly ScryptCost Cheap = new(1 << 4, 8, 1);
    private static readonly Hash256 Model = Keccak.Hash([1]);
    private static readonly Hash256 Root = Keccak.Hash([2]);
    private static readonly byte[] Seed = Keccak.Hash([3]).ToArray();
    private static readonly byte[] OtherSeed = Keccak.Hash([4]).ToArray();

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("aivm-weights-");

    private string File => Path.Combine(_directory.FullName, "keys", "model.key");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_key_opens_again_with_its_password_and_is_not_on_disk_in_the_clear()
    {
        using (var key = Create())
            Assert.Equal((Root, 0), (key.Root, key.Used));
        using (var key = WeightKey.Open(File, Model, Password))
        {
            Assert.Equal(Seed, key.Seed.ToArray());
            Assert.Equal((Root, 0), (key.Root, key.Used));
        }
        Assert.DoesNotContain(Convert.ToHexStringLower(Seed), System.IO.File.ReadAllText(File), StringComparison.OrdinalIgnoreCase);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        AssertFails("wrong-password", () => WeightKey.Open(File, Model, Password + " "));
        AssertFails("weights-invalid", () => WeightKey.Open(File, Root, Password));
        AssertFails("weights-not-found", () => WeightKey.Open(File + "x", Model, Password));
    }

    [Fact]
    public void What_was_spent_is_on_the_disk_before_the_proof_is_made_and_stays_spent()
    {
        var length = 0L;
        using (var key = Create())
        {
            length = new FileInfo(File).Length;
            key.Spend(budget: 4);
            Assert.Equal(length + 1, new FileInfo(File).Length);
            key.Spend(budget: 4);
        }
        // A process that ends here has made no proof, and the next one begins with the third.
        using (var key = WeightKey.Open(File, Model, Password))
        {
            Assert.Equal(2, key.Used);
            key.Spend(budget: 4);
            AssertFails("weights-renewal", () => key.Spend(budget: 4));
            Assert.Equal(length + 3, new FileInfo(File).Length);
        }
        using (var key = WeightKey.Open(File, Model, Password))
            AssertFails("weights-renewal", () => key.Spend(budget: 4));
    }

    [Fact]
    public void The_last_of_the_budget_is_kept_for_the_renewal()
    {
        using var key = Create();
        key.Spend(budget: 2);
        AssertFails("weights-renewal", () => key.Spend(budget: 2));
        key.BeginRenewal(budget: 2);
        AssertFails("weights-renewal", () => key.Spend(budget: 2));
        key.Renew(Fresh(1), OtherSeed, Password, Cheap);
        // The proof of equality was the fresh one's first.
        Assert.Equal((Fresh(1).Root, 1), (key.Root, key.Used));
        AssertFails("weights-renewal", () => key.Spend(budget: 2));
    }

    [Fact]
    public void What_is_spent_whole_is_not_renewed()
    {
        Create().Dispose();
        System.IO.File.AppendAllText(File, "..");
        using var key = WeightKey.Open(File, Model, Password);
        AssertFails("weights-budget", () => key.BeginRenewal(budget: 2));
        AssertFails("weights-budget", () => key.Spend(budget: 2));
        Assert.Throws<InvalidOperationException>(() => key.Renew(Fresh(1), OtherSeed, Password, Cheap));
    }

    [Fact]
    public void Renewals_and_ranges_are_in_the_file()
    {
        using (var key = Create())
        {
            key.Spend(budget: 4);
            key.KeepRanges([1, 2, 3]);
            key.Spend(budget: 4);
            Renew(key, 1, OtherSeed);
            key.Spend(budget: 4);
            Renew(key, 2, Seed);
            key.KeepRanges([4]);
        }
        using (var key = WeightKey.Open(File, Model, Password))
        {
            Assert.Equal((Fresh(2).Root, 1), (key.Root, key.Used));
            Assert.Equal(Seed, key.Seed.ToArray());
            Assert.Equal([Root, Fresh(1).Root, Fresh(2).Root], key.Commitments.Select(each => each.Root));
            Assert.Equal([Hash256.Zero, Fresh(1).Context, Fresh(2).Context], key.Commitments.Select(each => each.Context));
            Assert.Equal([[], [1, 7], [2, 7]], key.Commitments.Select(each => each.Equality));
            Assert.Equal([[1, 2, 3], [], [4]], key.Commitments.Select(each => each.Ranges));
        }
        AssertFails("wrong-password", () => WeightKey.Open(File, Model, Password + " "));
    }

    /// <summary>A renewal dies at every byte that it writes. What is left of its proof nobody got: another takes its place, in the same budget.</summary>
    [Fact]
    public void A_renewal_that_died_begins_again_and_costs_no_more()
    {
        long begun;
        using (var key = Create())
        {
            key.Spend(budget: 2);
            key.BeginRenewal(budget: 2);
            begun = new FileInfo(File).Length;
            key.Renew(Fresh(1), OtherSeed, Password, Cheap);
        }
        var whole = System.IO.File.ReadAllBytes(File);
        // The line of the fresh commitment, without the break that makes it count.
        for (var length = (int)begun; length < whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            using (var key = WeightKey.Open(File, Model, Password))
            {
                Assert.Equal((Root, 1), (key.Root, key.Used));
                AssertFails("weights-renewal", () => key.Spend(budget: 2));
                key.BeginRenewal(budget: 2);
                Assert.Equal(length, new FileInfo(File).Length);
                key.Renew(Fresh(2), Seed, Password, Cheap);
            }
            using (var key = WeightKey.Open(File, Model, Password))
                Assert.Equal((Fresh(2).Root, 1, 2), (key.Root, key.Used, key.Commitments.Count));
        }
    }

    /// <summary>The proof of ranges that died is not kept, and stays spent.</summary>
    [Fact]
    public void A_line_that_has_no_end_is_overwritten_and_marks_before_it_count()
    {
        Create().Dispose();
        System.IO.File.AppendAllText(File, "..\n{\"ranges\":\"AQ");
        using (var key = WeightKey.Open(File, Model, Password))
        {
            Assert.Equal((2, 0), (key.Used, key.Commitments[0].Ranges.Length));
            key.Spend(budget: 16);
        }
        Assert.EndsWith("}\n...", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n{}\n")]
    [InlineData("\n\n.")]
    [InlineData("\n{\"ranges\":\"?\"}\n")]
    public void A_later_line_that_is_none_of_a_key_is_refused(string text)
    {
        Create().Dispose();
        System.IO.File.AppendAllText(File, text);
        AssertFails("weights-invalid", () => WeightKey.Open(File, Model, Password));
    }

    [Fact]
    public void Only_one_holder_at_a_time_has_a_key()
    {
        using (Create())
            AssertFails("weights-busy", () => WeightKey.Open(File, Model, Password));
        WeightKey.Open(File, Model, Password).Dispose();
    }

    [Fact]
    public void A_key_is_never_overwritten()
    {
        Create().Dispose();
        AssertFails("weights-exist", Create);
        WeightKey.Open(File, Model, Password).Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("no JSON\n")]
    [InlineData("{}\n")]
    [InlineData("""{"version":2}""" + "\n")]
    [InlineData("""{"version":1,"model":"0x1"}""" + "\n")]
    public void A_file_that_is_no_key_is_refused(string text)
    {
        Create().Dispose();
        System.IO.File.WriteAllText(File, text);
        AssertFails("weights-invalid", () => WeightKey.Open(File, Model, Password));
    }

    private static KeyedWeights Fresh(byte number) => new(Keccak.Hash([number, 5])) { Context = Keccak.Hash([number, 6]), Equality = [number, 7] };

    private static void Renew(WeightKey key, byte number, byte[] seed)
    {
        key.BeginRenewal(budget: 4);
        key.Renew(Fresh(number), seed, Password, Cheap);
    }

    private WeightKey Create() => WeightKey.Create(File, Model, Root, Seed, Password, Cheap);

    private static void AssertFails(string code, Func<WeightKey> open) =>
        Assert.Equal(code, Assert.Throws<AivmException>(() => open().Dispose()).Error.Code);

    private static void AssertFails(string code, Action action) => Assert.Equal(code, Assert.Throws<AivmException>(action).Error.Code);
}
