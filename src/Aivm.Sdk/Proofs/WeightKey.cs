using System.Security.Cryptography;
using System.Text.Json;
using Aivm.Primitives;

namespace Aivm.Sdk;

/// <summary>
/// The secret behind a commitment to a model's private weights, and the count of proofs made with it, in one file: a line of JSON with the seed under
/// a password, then a mark for each proof. A mark is on the disk before its proof is made, so that a crash may waste a proof and never repeats
/// one. One process has the file at a time.
/// </summary>
/// <remarks>Every proof discloses a few columns of the commitment, and so many of them say nothing: who makes proofs from two copies of a file may disclose weights.</remarks>
public sealed class WeightKey : IDisposable
{
    private const int MaxHeader = 64 << 10;
    private const byte Mark = (byte)'.';
    private const byte EndOfHeader = (byte)'\n';

    private readonly FileStream _file;
    private readonly byte[] _seed;

    private WeightKey(FileStream file, Hash256 root, byte[] seed, long used)
    {
        (_file, Root, _seed) = (file, root, seed);
        Used = (int)Math.Min(used, int.MaxValue);
    }

    /// <summary>Of the commitment that the seed makes.</summary>
    public Hash256 Root { get; }

    /// <summary>32 secret bytes.</summary>
    public ReadOnlySpan<byte> Seed => _seed;

    /// <summary>Proofs made with the commitment, or begun.</summary>
    public int Used { get; private set; }

    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(PasswordBox.SecretSize);

    /// <summary>Writes the file of a new commitment, and holds it.</summary>
    /// <param name="model">The hash of the model with its weights.</param>
    /// <exception cref="AivmException"><c>weights-exist</c>, <c>weights-unwritable</c>.</exception>
    public static WeightKey Create(string path, Hash256 model, Hash256 root, ReadOnlySpan<byte> seed, string password, ScryptCost? cost = null)
    {
        var header = Header(model, root, seed, password, cost);
        try
        {
            PrivateFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            PrivateFile.Write(path, header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw File.Exists(path)
                ? new AivmException(Failure.Environment, "weights-exist", $"Another process has just written {path}: try again.", exception)
                : new AivmException(Failure.Environment, "weights-unwritable", $"The key of the weights {path} cannot be written: {exception.Message}", exception);
        }
        return Open(path, model, password);
    }

    private static byte[] Header(Hash256 model, Hash256 root, ReadOnlySpan<byte> seed, string password, ScryptCost? cost)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("model", model.ToString());
            json.WriteString("root", root.ToString());
            PasswordBox.Write(json, seed, password, cost);
            json.WriteEndObject();
        }
        stream.WriteByte(EndOfHeader);
        return stream.ToArray();
    }

    /// <exception cref="AivmException">
    /// <c>weights-not-found</c>, <c>weights-busy</c> (another process has it), <c>weights-unreadable</c>, <c>weights-invalid</c>, <c>wrong-password</c>.
    /// </exception>
    public static WeightKey Open(string path, Hash256 model, string password)
    {
        var file = OpenAlone(path);
        try
        {
            var (root, box, length) = ReadHeader(file, model);
            return new WeightKey(file, root, box.Open(password), file.Length - length);
        }
        catch
        {
            file.Dispose();
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

    private static (Hash256 Root, PasswordBox Box, int Length) ReadHeader(FileStream file, Hash256 model)
    {
        var bytes = new byte[MaxHeader];
        var header = bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        var end = header.IndexOf(EndOfHeader);
        if (end < 0)
            throw Invalid("its first line has no end");
        try
        {
            using var document = JsonDocument.Parse(bytes.AsMemory(0, end));
            var json = document.RootElement;
            if (json.GetProperty("version").GetInt32() != 1)
                throw Invalid("its version is not 1");
            if (Hash(json, "model") != model)
                throw Invalid("it belongs to another model");
            return (Hash(json, "root"), PasswordBox.Read(json.GetProperty("crypto"), reason => Invalid(reason)), end + 1);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Invalid("its first line is not a JSON document of version 1", exception);
        }
    }

    private static Hash256 Hash(JsonElement json, string name) =>
        Hash256.TryParse(json.GetProperty(name).GetString(), out var hash) ? hash : throw Invalid($"its {name} is malformed");

    /// <summary>Takes one proof of the budget, durably: call it before the proof is made.</summary>
    /// <param name="budget">Proofs that the commitment is good for.</param>
    /// <exception cref="AivmException"><c>weights-budget</c>, <c>weights-unwritable</c>.</exception>
    public void Spend(int budget)
    {
        if (Used >= budget)
            throw new AivmException(
                Failure.Check, "weights-budget", $"The commitment to these weights has served {Used} proofs, all it is good for: another would disclose weights.");
        try
        {
            _file.Seek(0, SeekOrigin.End);
            _file.WriteByte(Mark);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException exception)
        {
            throw new AivmException(Failure.Environment, "weights-unwritable", $"The count of proofs cannot be written: {exception.Message}", exception);
        }
        Used++;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_seed);
        _file.Dispose();
    }

    private static AivmException Invalid(string reason, Exception? inner = null) =>
        new(Failure.Input, "weights-invalid", $"The key of the private weights is invalid: {reason}.", inner);
}
