using System.CommandLine;
using System.CommandLine.Parsing;
using Aivm.Cli.Output;
using Aivm.Primitives;

namespace Aivm.Cli.Commands;

/// <summary>Options that several commands share, so that they read and mean the same everywhere.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json")
    {
        Description = "Print one JSON document on standard output and nothing else.",
    };

    public static Option<Uri> Rpc()
    {
        var option = Url("--rpc", "The node's JSON-RPC address.", "http://127.0.0.1:8545");
        option.DefaultValueFactory = _ => new Uri("http://127.0.0.1:8545");
        return option;
    }

    public static Option<Uri> Url(string name, string description, string example) => new(name)
    {
        Description = description,
        HelpName = "URL",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
                return url;
            result.AddError($"{name} takes an http or https address such as {example}; not '{text}'.");
            return null;
        },
    };

    public static Option<FileInfo> PasswordFile() => new Option<FileInfo>("--password-file")
    {
        Description = "Read the keystore password from this file (its first line) instead of asking.",
        HelpName = "FILE",
    }.AcceptExistingOnly();

    public static Option<string> From() => new("--from")
    {
        Description = "The paying account of the keystore: an address, or its number in 'aivm account list'. "
            + "On a development chain, the default is the first standard test account.",
        HelpName = "ACCOUNT",
    };

    public static Option<bool> Yes() => new("--yes", "-y")
    {
        Description = "Pay the quoted cost without asking.",
    };

    public static Option<FileInfo> Input() => new Option<FileInfo>("--input")
    {
        Description = "Samples, one a row: .csv, .npy, .npz (array x, or an array for each input), or .json (an array of arrays). Several inputs' values follow each other.",
        HelpName = "FILE",
        Required = true,
    }.AcceptExistingOnly();

    public static Option<Hash256> Context() =>
        Hash("--context", "What the proof is for, 32 bytes as 0x and 64 digits: a copy is worth nothing elsewhere. By default zeros.");

    public static Option<Hash256> Hash(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "HASH",
        CustomParser = result =>
        {
            if (Hash256.TryParse(result.Tokens[0].Value, out var hash))
                return hash;
            result.AddError($"{name} takes 0x and 64 hexadecimal digits.");
            return default;
        },
    };

    public static Option<bool> PrivateWeights() => new("--private-weights")
    {
        Description = "Publish the architecture and a commitment to the weights, which stay in $AIVM_HOME/weights: nobody else can run the model, and proofs show what it gave.",
    };

    public static Option<UInt256> Coins(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "COINS",
        CustomParser = result => ReadCoins(result, name, "0.25") ?? default,
    };

    /// <summary>In wei for a unit of gas.</summary>
    public static Option<UInt256?> MaxGasPrice() => new("--max-gas-price")
    {
        Description = "The most that a million gas may cost, in coins. A transaction that waits because gas became dearer is raised up to that. By default what it takes when it is sent, and no more.",
        HelpName = "COINS",
        CustomParser = result => ReadCoins(result, "--max-gas-price", "0.005") is { } wei ? wei / 1_000_000 : null,
    };

    /// <returns>Wei; null, and an error, where it is no amount.</returns>
    private static UInt256? ReadCoins(ArgumentResult result, string option, string example)
    {
        if (Output.Coins.TryParse(result.Tokens[0].Value, out var wei))
            return wei;
        result.AddError($"{option} takes an amount of coins such as {example}, with at most 18 decimals.");
        return null;
    }

    public static Terminal Terminal(this ParseResult result, Option<bool> json) =>
        new(Console.Out, Console.Error, result.GetValue(json));
}
