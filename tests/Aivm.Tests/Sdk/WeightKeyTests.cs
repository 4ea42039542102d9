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
            key.Spend(budget: 3);
            Assert.Equal(length + 1, new FileInfo(File).Length);
            key.Spend(budget: 3);
        }
        // A process that ends here has made no proof, and the next one begins with the third.
        using (var key = WeightKey.Open(File, Model, Password))
        {
            Assert.Equal(2, key.Used);
            key.Spend(budget: 3);
            AssertFails("weights-budget", () => key.Spend(budget: 3));
            Assert.Equal(length + 3, new FileInfo(File).Length);
        }
        using (var key = WeightKey.Open(File, Model, Password))
            AssertFails("weights-budget", () => key.Spend(budget: 3));
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

    private WeightKey Create() => WeightKey.Create(File, Model, Root, Seed, Password, Cheap);

    private static void AssertFails(string code, Func<WeightKey> open) =>
        Assert.Equal(code, Assert.Throws<AivmException>(() => open().Dispose()).Error.Code);

    private static void AssertFails(string code, Action action) => Assert.Equal(code, Assert.Throws<AivmException>(action).Error.Code);
}
