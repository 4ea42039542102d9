using System.CommandLine;
using Aivm.Node;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary>What a proof is bound to: words of the caller's own, or the account that will show it to a chain.</summary>
internal sealed class ContextOptions
{
    private readonly Option<Hash256> _context = CommonOptions.Context();
    private readonly Option<Address?> _sender = new("--sender")
    {
        Description = "The account that will show the proof to a chain, with 'aivm submit' or through a contract; nobody else can. In place of --context.",
        HelpName = "ADDRESS",
        CustomParser = result =>
        {
            if (Address.TryParse(result.Tokens[0].Value, out var address))
                return address;
            result.AddError("--sender takes an address.");
            return null;
        },
    };
    private readonly Option<ulong> _chainId = new("--chain-id")
    {
        Description = "With --sender: the chain.",
        HelpName = "ID",
        DefaultValueFactory = _ => DevChain.ChainId,
    };
    private readonly Option<Hash256> _subject = Subject();

    public static Option<Hash256> Subject() => CommonOptions.Hash("--subject", "What the sender says that the proof is for, 32 bytes as 0x and 64 digits. By default zeros.");

    public void AddTo(Command command)
    {
        command.Add(_context);
        command.Add(_sender);
        command.Add(_chainId);
        command.Add(_subject);
    }

    /// <exception cref="AivmException"><c>usage</c>.</exception>
    public Hash256 Read(ParseResult result)
    {
        if (result.GetValue(_sender) is not { } sender)
            return result.GetResult(_subject) is null
                ? result.GetValue(_context)
                : throw new AivmException(Failure.Input, "usage", "--subject goes with --sender.");
        return result.GetResult(_context) is null
            ? ProofsInterface.ContextOf(result.GetValue(_chainId), sender, result.GetValue(_subject))
            : throw new AivmException(Failure.Input, "usage", "--sender and --context exclude each other: the context follows from the sender.");
    }
}
