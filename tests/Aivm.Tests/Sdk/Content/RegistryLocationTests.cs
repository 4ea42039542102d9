using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Tests.Sdk.Content;

public class RegistryLocationTests
{
    [Theory]
    [InlineData("https://registry.example/team/models")]
    [InlineData("https://registry.example:5000/a.b_c__d-e/f")]
    [InlineData("http://127.0.0.1:5000/models")]
    public void A_repository_is_named_by_its_address(string text) => Assert.Equal(text, RegistryLocation.Parse(text).ToString());

    [Theory]
    [InlineData("registry.example/models")]
    [InlineData("ftp://registry.example/models")]
    [InlineData("http://registry.example/models")]
    [InlineData("https://user:secret@registry.example/models")]
    [InlineData("https://registry.example/")]
    [InlineData("https://registry.example/Models")]
    [InlineData("https://registry.example/models?x=1")]
    [InlineData("https://registry.example/models#x")]
    [InlineData("https://registry.example/a//b")]
    [InlineData("https://registry.example/a/.b")]
    public void Nothing_else_is_one(string text) =>
        Assert.Equal("registry-location", Assert.Throws<AivmException>(() => RegistryLocation.Parse(text)).Error.Code);
}
