using System.CommandLine;
using Aivm.Cli.Commands;
using Aivm.Cli.Output;
using Aivm.Inference;

namespace Aivm.Cli;

/// <summary>The <c>aivm</c> command. Exit codes: 0, 1 a failed check, 2 bad input, 3 environment.</summary>
public static class Program
{
    private const string Introduction =
        """
        AIVM: publish an ONNX model on a Layer-1 chain and run it there, re-executed bit for bit.

        Start here:
          aivm demo                                    the whole story in one command, on an embedded chain
          aivm dev                                     a development chain on http://127.0.0.1:8545
          aivm model compile M.onnx -o M.aivm          turn a model into its canonical integer form
          aivm model publish M.aivm --name my-model    put it on the chain
          aivm infer my-model --input rows.csv         run it in a transaction
          aivm infer my-model --input rows.csv --evidence zk    have it computed off the chain, with a proof
          aivm provider start                          compute for others
          aivm prove M.aivm --input row.csv -o P       prove a run in zero knowledge; 'aivm verify P' checks it
          aivm attest verify --evidence F --at UNIX    check what trusted hardware says
          aivm attest store --collateral F             bring the chain what Intel publishes about its platforms

        Every command explains itself with --help and prints JSON with --json.
        Exit codes: 0 done, 1 a check failed, 2 bad input, 3 environment (disk, port, network).
        """;

    public static async Task<int> Main(string[] args)
    {
        var terminal = new Terminal(Console.Out, Console.Error, json: args.Contains("--json"));
        try
        {
            // A word that AIVM_SIMD does not take is refused here, not when the first model is loaded.
            _ = Simd.Level;
            var parsed = Root().Parse(args.Length == 0 ? ["--help"] : args);
            return parsed.Errors.Count > 0
                ? terminal.Fail(2, "usage", $"{Misuse(parsed)} Add --help to see what the command takes.")
                : await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception)
        {
            return Failures.Report(exception, terminal);
        }
    }

    private static string Misuse(ParseResult parsed) => parsed.UnmatchedTokens is [var token, ..]
        ? $"'{token}' is neither a command nor an option here."
        : parsed.Errors[0].Message;

    private static RootCommand Root() => new(Introduction)
    {
        DemoCommand.Create(),
        DevCommand.Create(),
        AccountCommand.Create(),
        ModelCommand.Create(),
        InferCommand.Create(),
        JobCommand.Create(),
        ProviderCommand.Create(),
        ProveCommand.Create(),
        VerifyCommand.Create(),
        SubmitCommand.Create(),
        WeightsCommand.Create(),
        ContentCommand.Create(),
        ReceiptCommand.Create(),
        AttestCommand.Create(),
    };
}
