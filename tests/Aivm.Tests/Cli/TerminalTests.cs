using Aivm.Cli.Output;

namespace Aivm.Tests.Cli;

public sealed class TerminalTests
{
    [Fact]
    public void A_name_steers_neither_the_terminal_nor_the_order_of_letters()
    {
        var error = new StringWriter { NewLine = "\n" };
        new Terminal(TextWriter.Null, error, json: false).Fail(2, "code", "a\u001B[2Jb\u202Ec\u2066d\u200Fe\u2029f");
        Assert.Equal("aivm: code: a\uFFFD[2Jb\uFFFDc\uFFFDd\uFFFDe f\n", error.ToString());
    }

    [Fact]
    public void A_remark_may_not_steer_the_terminal_either()
    {
        var error = new StringWriter();
        new Terminal(TextWriter.Null, error, json: false).Remark("declined job 7  a\u001B[2Jb\u202Ec");
        Assert.Equal($"declined job 7  a\uFFFD[2Jb\uFFFDc{Environment.NewLine}", error.ToString());
    }
}
