using System.Security.Cryptography;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// The secrets behind the commitments to a model's private weights, of which the last is in use, and the count of proofs made with each. One file, to which
/// only is added: lines of JSON, each followed by a line of marks. A JSON line is a commitment with its seed under a password, or a proof that shall not be
/// made twice. A mark is a proof; it is on the disk before its proof is made, so that a crash may waste a proof and never repeats one. One process has the
/// file at a time.
/// </summary>
/// <remarks>
/// <para>Every proof discloses a few columns of a commitment, and so many of them say nothing: who makes proofs from two copies of a file may disclose
/// weights.</para>
/// <para><b>Renewal.</b> The last proof of the budget is kept for the one that a fresh commitment holds the same weights. It has a mark of its own, and is in
/// the file before anybody gets it. So where there is the mark and no fresh commitment behind it, that proof never left the process that died over it, and
/// another takes its place.</para>
/// <para><b>Crashes.</b> A JSON line counts when the line break behind it is there, which is written when the line is on the disk. A last line without one is
/// overwritten.</para>
/// </remarks>
public sealed class WeightKey : IDisposable
{
    private const int MaxBytes = 1 << 29;
    private const byte ProofMark = (byte)'.';
    private const byte RenewalMark = (byte)'!';
    private const byte LineBreak = (byte)'\n';

    private readonly FileStream _file;
    private readonly Hash256 _model;
    private readonly List<KeyedWeights> _commitments = [];
    private byte[] _seed = [];
    private bool _renewing;

    // Behind the last mark. What follows in the file is a line that does not count.
    private int _end;

    private WeightKey(FileStream file, Hash256 model) => (_file, _model) = (file, model);

    /// <summary>All that were in use, the present one last.</summary>
    public IReadOnlyList<KeyedWeights> Commitments => _commitments;

    /// <summary>Of the commitment in use, which the seed makes.</summary>
    public Hash256 Root => _commitments[^1].Root;

    /// <summary>32 secret bytes.</summary>
    public ReadOnlySpan<byte> Seed => _seed;

    /// <summary>Proofs made with the commitment in use, or begun; that of its renewal not included.</summary>
    public int Used { get; private set; }

    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(PasswordBox.SecretSize);

    /// <summary>Writes the file of a first commitment, and holds it.</summary>
    /// <param name="model">The hash of the model with its weights.</param>
    /// <exception cref="AivmException"><c>weights-exist</c>, <c>weights-unwritable</c>.</exception>
    public static WeightKey Create(string path, Hash256 model, Hash256 root, ReadOnlySpan<byte> seed, string password, ScryptCost? cost = null)
    {
        byte[] line = [.. CommitmentLine(model, new KeyedWeights(root), seed, password, cost), LineBreak];
        try
        {
            PrivateFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            PrivateFile.Write(path, line);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw File.Exists(path)
                ? new AivmException(Failure.Environment, "weights-exist", $"Another process has just written {path}: try again.", exception)
                : new AivmException(Failure.Environment, "weights-unwritable", $"The key of the weights {path} cannot be written: {exception.Message}", exception);
        }
        return Open(path, model, password);
    }

    /// <exception cref="AivmException">
    /// <c>weights-not-found</c>, <c>weights-busy</c> (another process has it), <c>weights-unreadable</c>, <c>weights-invalid</c>, <c>wrong-password</c>.
    /// </exception>
    public static WeightKey Open(string path, Hash256 model, string password)
    {
        var key = new WeightKey(OpenAlone(path), model);
        try
        {
            key._seed = key.Read().Open(password);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static FileStream OpenAlone(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AivmException(Failure.Input, "weights-not-found", $"There is no key of private weights at {path}.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new AivmException(Failure.Environment, "weights-unreadable", $"The key of the weights {path} cannot be opened: {exception.Message}", exception);
        }
        catch (IOException exception)
        {
            throw new AivmException(Failure.Environment, "weights-busy", $"Another process is proving with these weights: wait for it. ({exception.Message})", exception);
        }
    }

    /// <returns>What holds the seed of the commitment in use.</returns>
    private PasswordBox Read()
    {
        if (_file.Length > MaxBytes)
            throw Invalid($"it has more than {MaxBytes} bytes");
        var bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        PasswordBox? box = null;
        for (int line = 0, end; (end = Array.IndexOf(bytes, LineBreak, line)) >= 0; line = Math.Min(_end + 1, bytes.Length))
        {
            box = ReadLine(bytes.AsMemory(line, end - line)) ?? box;
            var next = Array.IndexOf(bytes, LineBreak, end + 1);
            _end = next < 0 ? bytes.Length : next;
            var marks = bytes.AsSpan((end + 1).._end);
            var renewals = marks.Count(RenewalMark);
            _renewing |= renewals > 0;
            Used += marks.Length - renewals;
        }
        return box ?? throw Invalid("its first line has no end");
    }

    /// <returns>The seed of a commitment; null on another line.</returns>
    private PasswordBox? ReadLine(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            if (_commitments.Count > 0 && json.TryGetProperty("ranges", out var ranges))
            {
                _commitments[^1] = _commitments[^1] with { Ranges = ranges.GetBytesFromBase64() };
                return null;
            }
            if (json.GetProperty("version").GetInt32() != 1)
                throw Invalid("its version is not 1");
            if (Hash(json, "model") != _model)
                throw Invalid("it belongs to another model");
            var first = _commitments.Count == 0;
            Use(new KeyedWeights(Hash(json, "root"))
            {
                Context = first ? Hash256.Zero : Hash(json, "context"),
                Equality = first ? [] : json.GetProperty("equality").GetBytesFromBase64(),
            });
            return PasswordBox.Read(json.GetProperty("crypto"), reason => Invalid(reason));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Invalid("a line is not a JSON document of version 1", exception);
        }
    }

    private void Use(KeyedWeights commitment)
    {
        // The proof of equality is the fresh commitment's first.
        (Used, _renewing) = (_commitments.Count > 0 ? 1 : 0, false);
        _commitments.Add(commitment);
    }

    private static Hash256 Hash(JsonElement json, string name) =>
        Hash256.TryParse(json.GetProperty(name).GetString(), out var hash) ? hash : throw Invalid($"its {name} is malformed");

    /// <summary>Takes one proof of the budget, durably: call it before the proof is made.</summary>
    /// <param name="budget">Proofs that a commitment is good for. The last is kept for the renewal.</param>
    /// <exception cref="AivmException"><c>weights-renewal</c>, <c>weights-budget</c>, <c>weights-unwritable</c>.</exception>
    public void Spend(int budget)
    {
        if (Used >= budget)
            throw Spent();
        if (Used == budget - 1)
            throw new AivmException(
                Failure.Check, "weights-renewal",
                $"The commitment to these weights has served {Used} proofs. The last that it is good for is kept for a fresh one: run 'aivm weights renew'.");
        Write(_end, [ProofMark]);
        (Used, _end) = (Used + 1, _end + 1);
    }

    /// <summary>Takes the proof of the budget that is kept for the renewal, durably: call it before <see cref="Renew"/>'s proof is made.</summary>
    /// <exception cref="AivmException"><c>weights-budget</c>, <c>weights-unwritable</c>.</exception>
    public void BeginRenewal(int budget)
    {
        if (_renewing)
            return;
        if (Used >= budget)
            throw Spent();
        Write(_end, [RenewalMark]);
        (_renewing, _end) = (true, _end + 1);
    }

    /// <summary>Puts a fresh commitment in use, durably: nobody may get the proof of equality before. It counts as the first proof of the fresh one.</summary>
    /// <param name="seed">Never used before.</param>
    /// <exception cref="AivmException"><c>weights-unwritable</c>: the old commitment stays in use.</exception>
    public void Renew(KeyedWeights fresh, ReadOnlySpan<byte> seed, string password, ScryptCost? cost = null)
    {
        if (!_renewing)
            throw new InvalidOperationException("The renewal has not begun.");
        WriteLine(CommitmentLine(_model, fresh, seed, password, cost));
        CryptographicOperations.ZeroMemory(_seed);
        _seed = seed.ToArray();
        Use(fresh);
    }

    /// <summary>Stores the proof that the weights lie in their ranges, which is made once for each commitment.</summary>
    /// <exception cref="AivmException"><c>weights-unwritable</c>.</exception>
    public void KeepRanges(byte[] proof)
    {
        WriteLine(Line(json => json.WriteBase64String("ranges", proof)));
        _commitments[^1] = _commitments[^1] with { Ranges = proof };
    }

    private static byte[] CommitmentLine(Hash256 model, KeyedWeights commitment, ReadOnlySpan<byte> seed, string password, ScryptCost? cost)
    {
        var secret = seed.ToArray();
        try
        {
            return Line(json =>
            {
                json.WriteNumber("version", 1);
                json.WriteString("model", model.ToString());
                json.WriteString("root", commitment.Root.ToString());
                if (commitment.Equality.Length > 0)
                {
                    json.WriteString("context", commitment.Context.ToString());
                    json.WriteBase64String("equality", commitment.Equality);
                }
                PasswordBox.Write(json, secret, password, cost);
            });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static byte[] Line(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private void WriteLine(byte[] line)
    {
        Write(_end, [LineBreak, .. line]);
        Write(_end + 1 + line.Length, [LineBreak]);
        _end += line.Length + 2;
    }

    private void Write(int at, byte[] bytes)
    {
        try
        {
            _file.SetLength(at);
            _file.Seek(at, SeekOrigin.Begin);
            _file.Write(bytes);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException exception)
        {
            throw new AivmException(Failure.Environment, "weights-unwritable", $"The key of the weights cannot be written: {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_seed);
        _file.Dispose();
    }

    private AivmException Spent() => new(
        Failure.Check, "weights-budget", $"The commitment to these weights has served {Used} proofs, all it is good for: another would disclose weights.");

    private static AivmException Invalid(string reason, Exception? inner = null) =>
        new(Failure.Input, "weights-invalid", $"The key of the private weights is invalid: {reason}.", inner);
}

/// <summary>A commitment of a <see cref="WeightKey"/>, with the proofs about it that are kept.</summary>
public sealed record KeyedWeights(Hash256 Root)
{
    /// <summary>That it holds the same weights as the commitment before it; empty of the first.</summary>
    public byte[] Equality { get; init; } = [];

    /// <summary>What <see cref="Equality"/> is for.</summary>
    public Hash256 Context { get; init; }

    /// <summary>That its weights lie in their ranges; empty where that was not proved.</summary>
    public byte[] Ranges { get; init; } = [];
}
