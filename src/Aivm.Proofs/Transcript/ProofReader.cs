using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Aivm.Primitives;

namespace Aivm.Proofs;

/// <summary>
/// Reads a proof from bytes that anybody may have chosen, and accepts the one encoding of each value. Never throws on them. The first
/// failure is kept: all later reads fail too, so that a caller may check once. Nothing is allocated by a number that the proof names
/// before that number was held against a limit and against the bytes that are there.
/// </summary>
public sealed class ProofReader(ReadOnlyMemory<byte> proof)
{
    private ReadOnlyMemory<byte> _rest = proof;

    /// <summary>The first failure, or null.</summary>
    public Error? Error { get; private set; }

    /// <summary>Records a failure that a caller found, unless there is an earlier one. Always false.</summary>
    public bool Fail(Error error)
    {
        Error ??= error;
        return false;
    }

    /// <summary>The proof must end here: true when nothing failed and every byte was read.</summary>
    public bool TryFinish() => Error is null && (_rest.IsEmpty || Fail(ProofErrors.Trailing));

    /// <summary>The next bytes, where they lie in the proof.</summary>
    /// <param name="length">Known to the verifier, or read by <see cref="TryReadCount"/>.</param>
    public bool TryReadBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (Error is not null)
            return false;
        if (length < 0 || length > _rest.Length)
            return Fail(ProofErrors.Truncated);
        bytes = _rest.Span[..length];
        _rest = _rest[length..];
        return true;
    }

    public bool TryRead(out uint value)
    {
        var read = TryReadBytes(sizeof(uint), out var bytes);
        value = read ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;
        return read;
    }

    public bool TryRead(out Hash256 hash)
    {
        var read = TryReadBytes(Hash256.Size, out var bytes);
        hash = read ? new Hash256(bytes) : default;
        return read;
    }

    /// <summary>How many items follow.</summary>
    /// <param name="maximum">The most that this place in a proof may hold.</param>
    /// <param name="itemBytes">The least that one of the items takes: the bytes that are left must suffice for all of them.</param>
    public bool TryReadCount(int maximum, int itemBytes, out int count)
    {
        count = 0;
        if (!TryRead(out uint value))
            return false;
        if (value > (uint)maximum)
            return Fail(ProofErrors.Malformed($"A count is {value}; the most allowed there is {maximum}."));
        if ((long)value * itemBytes > _rest.Length)
            return Fail(ProofErrors.Truncated);
        count = (int)value;
        return true;
    }

    public bool TryRead(out Felt element)
    {
        element = default;
        return TryRead(out uint value)
            && (Felt.TryFromCanonical(value, out element) || Fail(NotAnElement(value)));
    }

    public bool TryRead(out Ext4 element)
    {
        element = default;
        if (!(TryRead(out Felt c0) && TryRead(out Felt c1) && TryRead(out Felt c2) && TryRead(out Felt c3)))
            return false;
        element = new Ext4(c0, c1, c2, c3);
        return true;
    }

    /// <summary>Fills the span; it is all zero when that fails.</summary>
    public bool TryRead(Span<Felt> elements) => TryReadElements(MemoryMarshal.Cast<Felt, uint>(elements));

    /// <inheritdoc cref="TryRead(Span{Felt})"/>
    public bool TryRead(Span<Ext4> elements) => TryReadElements(MemoryMarshal.Cast<Ext4, uint>(elements));

    /// <summary>Fills the span, and absorbs the bytes as one message: elements are absorbed as they are written.</summary>
    internal bool TryReadMessage(Span<Ext4> elements, Transcript transcript)
    {
        var bytes = _rest.Span;
        if (!TryRead(elements))
            return false;
        transcript.Absorb(bytes[..(elements.Length * Ext4.Bytes)]);
        return true;
    }

    /// <summary>Draws positions below 2^bits, after the work that they take if they take any.</summary>
    internal bool TryDrawPositions(Transcript transcript, int count, int bits, int grindingBits, out int[] positions)
    {
        positions = [];
        if (grindingBits > 0)
        {
            var challenge = transcript.NextChallenge();
            if (!TryRead(out uint nonce))
                return false;
            if (!Grinding.IsDone(challenge, nonce, grindingBits))
                return Fail(ProofErrors.Rejected("The work before an opening's positions is not done."));
            transcript.AbsorbWords((int)nonce);
        }
        positions = transcript.NextPositions(count, bits);
        return true;
    }

    /// <summary>Fills the span with elements as kernels have them, x * 2^32 mod p; it is all zero when that fails.</summary>
    internal bool TryReadElements(Span<uint> elements)
    {
        if (!TryReadWords(elements))
            return false;
        if (elements.IndexOfAnyExceptInRange(0u, Felt.Modulus - 1) is >= 0 and var at)
        {
            var word = elements[at];
            elements.Clear();
            return Fail(NotAnElement(word));
        }
        FieldKernels.FromCanonical(elements);
        return true;
    }

    /// <summary>Fills the span with any words; it is all zero when that fails.</summary>
    internal bool TryReadWords(Span<uint> words)
    {
        words.Clear();
        if (!TryReadBytes(sizeof(uint) * words.Length, out var bytes))
            return false;
        Blake3.ReadWords(bytes, words);
        return true;
    }

    private static Error NotAnElement(uint word) => ProofErrors.Malformed($"A field element is {word}, not below {Felt.Modulus}.");
}
