using System.CommandLine;
using System.Text;
using System.Text.Unicode;
using Aivm.Chain;
using Aivm.Cli.Accounts;
using Aivm.Cli.Output;
using Aivm.Compiler.Inputs;
using Aivm.Primitives;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary>What <c>aivm model publish</c> is told, wherever the model will lie.</summary>
internal sealed class PublishOptions
{
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<Uri> _rpc = CommonOptions.Rpc();
    private readonly Option<string> _from = CommonOptions.From();
    private readonly Option<bool> _yes = CommonOptions.Yes();
    private readonly Argument<FileInfo> _file = new Argument<FileInfo>("MODEL") { Description = "A compiled model; with --off-chain also an ONNX file." }.AcceptExistingOnly();
    private readonly Option<string> _name = new("--name")
    {
        Description = "Its name under the publisher: a-z 0-9 . _ -, by default the file's. Publishing again under a name makes a new version.",
    };
    private readonly Option<FileInfo> _metadata =
        new Option<FileInfo>("--metadata") { Description = "A JSON file of at most 16 KiB that says what the model is.", HelpName = "FILE" }.AcceptExistingOnly();
    private readonly Option<UInt256> _price = CommonOptions.Coins("--price", "What a paid inference costs, in coins.");

    public Option<FileInfo> PasswordFile { get; } = CommonOptions.PasswordFile();

    public Option<bool> PrivateWeights { get; } = CommonOptions.PrivateWeights();

    public Option<bool> OffChain { get; } = new("--off-chain")
    {
        Description = "Put the file into a store, and only what describes it on the chain: for models that are too large, and for ONNX files, which run in floats on trusted hardware.",
    };

    public Option<ulong?> Gas { get; } = new("--gas")
    {
        Description = "Of an ONNX file off the chain: the gas of a run, by which providers are paid (1 gas is a nanosecond of one core). A compiled model has its own.",
        HelpName = "N",
    };

    public StoreOptions Store { get; } = new("--store-user", "--store-password-file");

    public Command Command(string name, string description) => new(name, description)
    {
        _file, _name, _metadata, _price, PrivateWeights, OffChain, Store.Location, Store.User, Store.PasswordFile, Gas, _rpc, _from, PasswordFile, _yes, _json,
    };

    public Terminal Terminal(ParseResult result) => result.Terminal(_json);

    public FileInfo File(ParseResult result) => result.GetRequiredValue(_file);

    public string Name(ParseResult result) => result.GetValue(_name) ?? Path.GetFileNameWithoutExtension(File(result).Name).ToLowerInvariant();

    public string Metadata(ParseResult result) => result.GetValue(_metadata) is { } file ? ReadMetadata(file) : "";

    public UInt256 Price(ParseResult result) => result.GetValue(_price);

    public bool Yes(ParseResult result) => result.GetValue(_yes);

    public RpcClient Client(ParseResult result) => new(result.GetRequiredValue(_rpc));

    public Task<Wallet> OpenPayerAsync(RpcClient client, ParseResult result, Terminal terminal, CancellationToken cancellation) =>
        Payer.OpenAsync(client, result.GetValue(_from), result.GetValue(PasswordFile), terminal, cancellation);

    private static string ReadMetadata(FileInfo file)
    {
        var bytes = BoundedFile.Read(file.FullName, ModelsParameters.MaxMetadataBytes, "metadata-too-long");
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new AivmException(Failure.Input, "metadata-invalid", $"{file.Name} is not UTF-8 text.");
    }
}
