using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk;

public sealed class HdWalletTests
{
    private const string TestMnemonic = "test test test test test test test test test test test junk";

    [Theory]
    [InlineData(0, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")]
    [InlineData(1, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    [InlineData(2, "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")]
    [InlineData(3, "0x90F79bf6EB2c4f870365E785982E1f101E93b906")]
    [InlineData(4, "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65")]
    [InlineData(5, "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc")]
    [InlineData(6, "0x976EA74026E726554dB657fA54763abd0C3a0aa9")]
    [InlineData(7, "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955")]
    [InlineData(8, "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f")]
    [InlineData(9, "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720")]
    public void The_standard_test_mnemonic_gives_the_standard_accounts(int index, string address) =>
        Assert.Equal(address, Secp256k1.AddressOf(HdWallet.DeriveKey(TestMnemonic, index)).ToChecksumString());

    [Fact]
    public void The_first_key_of_the_standard_test_mnemonic_is_the_known_one() =>
        Assert.Equal(
            "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", Hex.Encode(HdWallet.DeriveKey(TestMnemonic, 0)));

    [Fact]
    public void A_passphrase_makes_another_wallet() =>
        Assert.NotEqual(HdWallet.DeriveKey(TestMnemonic, 0), HdWallet.DeriveKey(TestMnemonic, 0, passphrase: "TREZOR"));

    [Fact]
    public void White_space_between_the_words_does_not_matter() =>
        Assert.Equal(HdWallet.DeriveKey(TestMnemonic, 0), HdWallet.DeriveKey("  " + TestMnemonic.Replace(" ", "  "), 0));

    [Theory]
    [InlineData("")]
    [InlineData("test test test")]
    [InlineData("test test test test test test test test test test test junk junk")]
    [InlineData("tést test test test test test test test test test test junk")]
    public void What_is_no_mnemonic_is_refused(string mnemonic) =>
        Assert.Equal("mnemonic-invalid", Assert.Throws<AivmException>(() => HdWallet.DeriveKey(mnemonic, 0)).Error.Code);
}
