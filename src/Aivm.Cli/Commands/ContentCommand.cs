using System.CommandLine;
using System.Globalization;
using Aivm.Cli.Output;
using Aivm.Sdk;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm content</c>: models and inputs by their digest, in a folder or in an OCI registry.</summary>
internal static class ContentCommand
{
    private const long DefaultMaxGiB = 16;

    public static Command Create() => new("content", "Store models and inputs by their digest, and get them back: in a folder, or in an OCI registry.")
    {
        Add(),
        Get(),
    };

    private static Command Add()
    {
        var json = CommonOptions.Json();
        var file = new Argument<FileInfo>("FILE") { Description = "Any file, of any size." }.AcceptExistingOnly();
        var store = new StoreOptions();
        var command = new Command("add", "Store a file. Prints the digest by which anybody gets it back.") { file, store.Location, store.User, store.PasswordFile, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var source = result.GetRequiredValue(file);
            using var opened = store.Open(result, terminal);
            var added = await terminal.Step("Storing", progress => opened.Store.AddAsync(source.FullName, Bytes(progress, source.Length), cancellation));
            terminal.Result(
                new { Digest = added.Digest.ToString(), added.Size, Store = opened.Name },
                () =>
                {
                    terminal.Line($"digest     {added.Digest}");
                    terminal.Line($"size       {Size(added.Size)}");
                    terminal.Line($"store      {opened.Name}");
                });
            return 0;
        });
        return command;
    }

    private static Command Get()
    {
        var json = CommonOptions.Json();
        var digest = new Argument<ContentDigest>("DIGEST")
        {
            Description = "As 'aivm content add' printed it.",
            CustomParser = result =>
            {
                if (ContentDigest.TryParse(result.Tokens[0].Value, out var parsed))
                    return parsed;
                result.AddError("DIGEST is sha256: and 64 lower-case hexadecimal digits.");
                return default;
            },
        };
        var output = new Option<FileInfo>("--output", "-o") { Description = "Where it goes, once all of it is there and has the digest.", HelpName = "FILE", Required = true };
        var most = new Option<long>("--max-gib")
        {
            Description = $"The most that is taken, in GiB. By default {DefaultMaxGiB}.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultMaxGiB,
        };
        most.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() is < 1 or > 1 << 20)
                result.AddError($"--max-gib takes a number from 1 to {1 << 20}.");
        });
        var store = new StoreOptions();
        var command = new Command("get", "Get content by its digest. What was cut off goes on where it was.") { digest, output, most, store.Location, store.User, store.PasswordFile, json };
        command.SetAction(async (result, cancellation) =>
        {
            var terminal = result.Terminal(json);
            var (wanted, file) = (result.GetRequiredValue(digest), result.GetRequiredValue(output));
            OutputFile.RequireWritable(file);
            using var opened = store.Open(result, terminal);
            await terminal.Step("Getting", async progress =>
            {
                await opened.Store.FetchAsync(wanted, file.FullName, result.GetValue(most) << 30, Bytes(progress, null), cancellation);
                return true;
            });
            file.Refresh();
            terminal.Result(
                new { Digest = wanted.ToString(), Size = file.Length, File = file.FullName },
                () =>
                {
                    terminal.Line($"digest     {wanted}, as asked for");
                    terminal.Line($"size       {Size(file.Length)}");
                    terminal.Line($"written    {file.FullName}");
                });
            return 0;
        });
        return command;
    }

    private static Progress<long> Bytes(IProgress<string> progress, long? all) =>
        new(done => progress.Report(all is { } total ? $"{Size(done)} of {Size(total)}" : Size(done)));

    private static string Size(long bytes) => bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
