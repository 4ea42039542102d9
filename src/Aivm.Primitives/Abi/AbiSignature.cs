using System.Buffers.Binary;
using System.Text;

namespace Aivm.Primitives;

/// <summary>One parameter of a function, event or error.</summary>
/// <param name="Indexed">Only for events: the value is a topic of the log, not part of its data.</param>
public sealed record AbiParameter(AbiType Type, string Name, bool Indexed)
{
    /// <summary>Reads Solidity's notation: a type, then <c>indexed</c> and a name, both optional.</summary>
    /// <exception cref="FormatException"/>
    public static AbiParameter Parse(string text)
    {
        var words = text.Split(' ');
        var indexed = words.Length > 1 && words[1] == "indexed";
        var name = words.AsSpan(indexed ? 2 : 1);
        return name.Length <= 1
            ? new AbiParameter(AbiType.Parse(words[0]), name.IsEmpty ? "" : name[0], indexed)
            : throw new FormatException($"'{text}' is no ABI parameter.");
    }

    internal static AbiParameter[] ParseAll(IEnumerable<string> parameters) => [.. parameters.Select(Parse)];

    internal static string Signature(string name, IEnumerable<AbiParameter> parameters) =>
        $"{name}({string.Join(',', parameters.Select(parameter => parameter.Type.Name))})";

    internal static int HeadWords(IEnumerable<AbiParameter> parameters) => parameters.Sum(parameter => parameter.Type.HeadWords);
}

/// <summary>The first four bytes of a signature's Keccak-256 hash, read as a big-endian number.</summary>
public static class AbiSelector
{
    public const int Size = 4;

    public static uint Of(string signature) => BinaryPrimitives.ReadUInt32BigEndian(Keccak.Hash(Encoding.UTF8.GetBytes(signature)).Span);

    /// <returns>False when there are fewer than four bytes.</returns>
    public static bool TrySplit(ReadOnlySpan<byte> data, out uint selector, out ReadOnlySpan<byte> arguments)
    {
        var read = BinaryPrimitives.TryReadUInt32BigEndian(data, out selector);
        arguments = read ? data[Size..] : default;
        return read;
    }
}

/// <summary>A function of a contract; parameters in Solidity's notation, e.g. <c>"bytes32 hash"</c>.</summary>
public sealed class AbiFunction
{
    public AbiFunction(string name, IEnumerable<string> inputs, IEnumerable<string> outputs)
    {
        Name = name;
        Inputs = AbiParameter.ParseAll(inputs);
        Outputs = AbiParameter.ParseAll(outputs);
        Signature = AbiParameter.Signature(name, Inputs);
        Selector = AbiSelector.Of(Signature);
    }

    public string Name { get; }

    public IReadOnlyList<AbiParameter> Inputs { get; }

    public IReadOnlyList<AbiParameter> Outputs { get; }

    /// <summary>E.g. <c>infer(address,bytes)</c>.</summary>
    public string Signature { get; }

    public uint Selector { get; }

    /// <summary>Begins the calldata; the inputs follow in order.</summary>
    public AbiWriter BeginCall() => new(AbiParameter.HeadWords(Inputs), Selector);

    /// <summary>Begins the return data; the outputs follow in order.</summary>
    public AbiWriter BeginReturn() => new(AbiParameter.HeadWords(Outputs));
}

/// <summary>A custom error: how a contract says why it reverts.</summary>
public sealed class AbiError
{
    public AbiError(string name, params IEnumerable<string> inputs)
    {
        Name = name;
        Inputs = AbiParameter.ParseAll(inputs);
        Signature = AbiParameter.Signature(name, Inputs);
        Selector = AbiSelector.Of(Signature);
    }

    public string Name { get; }

    public IReadOnlyList<AbiParameter> Inputs { get; }

    public string Signature { get; }

    public uint Selector { get; }

    /// <summary>Begins the revert data; the inputs follow in order.</summary>
    public AbiWriter BeginRevert() => new(AbiParameter.HeadWords(Inputs), Selector);
}

/// <summary>An event that is not anonymous: its first topic is the hash of its signature.</summary>
public sealed class AbiEvent
{
    private const int MaxIndexed = 3;

    public AbiEvent(string name, params IEnumerable<string> parameters)
    {
        Name = name;
        Parameters = AbiParameter.ParseAll(parameters);
        if (Parameters.Count(parameter => parameter.Indexed) > MaxIndexed)
            throw new FormatException($"The event {name} has more than {MaxIndexed} indexed parameters.");
        Signature = AbiParameter.Signature(name, Parameters);
        Topic = Keccak.Hash(Encoding.UTF8.GetBytes(Signature));
    }

    public string Name { get; }

    public IReadOnlyList<AbiParameter> Parameters { get; }

    public string Signature { get; }

    /// <summary>The first topic of each of its logs.</summary>
    public Hash256 Topic { get; }

    /// <summary>Begins the log's data; the parameters that are not indexed follow in order.</summary>
    public AbiWriter BeginData() => new(AbiParameter.HeadWords(Parameters.Where(parameter => !parameter.Indexed)));

    /// <summary>The topic of an indexed address.</summary>
    public static Hash256 TopicOf(Address address) => UInt256.FromBigEndian(address.Span).ToHash256();

    /// <summary>The topic of an indexed unsigned integer.</summary>
    public static Hash256 TopicOf(UInt256 value) => value.ToHash256();

    /// <summary>The topic of an indexed string or of indexed bytes, which is their hash.</summary>
    public static Hash256 TopicOf(ReadOnlySpan<byte> bytes) => Keccak.Hash(bytes);
}
