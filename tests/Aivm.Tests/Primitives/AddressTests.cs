using Aivm.Primitives;

namespace Aivm.Tests.Primitives;

public sealed class AddressTests
{
    // The test cases of EIP-55.
    [Theory]
    [InlineData("0x52908400098527886E0F7030069857D2E4169EE7")]
    [InlineData("0x8617E340B3D01FA5F11F306F4090FD50E238070D")]
    [InlineData("0xde709f2102306220921060314715629080e2fb77")]
    [InlineData("0x27b1fdb04752bbc536007a920d24acb045561c26")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    public void Checksums_are_those_of_eip_55(string text)
    {
        Assert.True(Address.TryParseChecked(text, out var address));
        Assert.Equal(text, address.ToChecksumString());
        Assert.Equal(text.ToLowerInvariant(), address.ToString());
    }

    [Fact]
    public void A_mistyped_checksum_is_refused_and_a_single_case_is_taken()
    {
        Assert.False(Address.TryParseChecked("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", out _));
        Assert.False(Address.TryParseChecked("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", out _));
        Assert.True(Address.TryParseChecked("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", out _));
        Assert.True(Address.TryParseChecked("5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg")]
    [InlineData("0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")]
    public void Text_that_is_no_address_is_refused(string text) => Assert.False(Address.TryParse(text, out _));

    [Fact]
    public void Keys_chosen_to_share_their_ends_do_not_share_hash_codes()
    {
        const int count = 10_000;
        var addresses = new HashSet<int>();
        var words = new HashSet<int>();
        for (var i = 0ul; i < count; i++)
        {
            var word = new UInt256(7, 0, i, 7);
            words.Add(word.GetHashCode());
            addresses.Add(new Address(word.ToHash256().Span[^Address.Size..]).GetHashCode());
            addresses.Add(word.ToHash256().GetHashCode());
        }
        Assert.True(words.Count > count - 10);
        Assert.True(addresses.Count > 2 * count - 10);
    }
}
