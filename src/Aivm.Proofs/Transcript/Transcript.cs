using System.Buffers.Binary;
using System.Text;

namespace Aivm.Proofs;

/// <summary>
/// The verifier's randomness, from a hash of all that was said before (Fiat and Shamir 1986). Prover and verifier each keep one and
/// absorb the same messages in the same order.
/// </summary>
/// <remarks>
/// <para><b>Construction.</b> A state S of 32 bytes. At the start S = BLAKE3(domain in UTF-8). A message m is absorbed as its length in
/// bytes (8 bytes, little-endian) followed by m. Let M be all that was absorbed since the last challenge (perhaps nothing). When a
/// challenge is asked for after a message, or as the very first thing, let O be the extendable output of keyed BLAKE3 with key S and
/// input M. The next S is the first 32 bytes of O. Challenges are read from byte 32 of O on, as 4-byte little-endian words, as many as are
/// needed until the next message is absorbed; what is left of O is then dropped.</para>
/// <para><b>Challenges are exactly uniform.</b> A coefficient takes the low 31 bits of the next word, and the next word again for as long
/// as that is not below the modulus (it is with probability 15/16); an extension element takes its coefficients lowest first. A
/// position takes the low bits of the next word, and the next word again for as long as the position was drawn before. For a
/// random oracle the bias is zero.</para>
/// <para>Lengths make the sequence of messages, not only their concatenation, part of the hash; the key makes each output depend on every
/// earlier one. Neither the number nor the kind of challenges enters the state: both follow from the protocol.</para>
/// </remarks>
public sealed class Transcript
{
    private const uint LowBits = int.MaxValue;

    private readonly Blake3Hasher _hasher;
    private readonly TranscriptProbe? _probe;
    private readonly byte[] _state = new byte[Blake3.KeyBytes];
    private readonly byte[] _block = new byte[Blake3.BlockBytes];
    private Blake3Output _output;
    private ulong _nextBlock;
    private int _used;
    private bool _absorbing;

    /// <param name="domain">Names the protocol and its version: two that differ share no challenge.</param>
    public Transcript(string domain)
        : this(domain, probe: null)
    {
    }

    /// <param name="probe">Of a test; null in every proof that counts.</param>
    internal Transcript(string domain, TranscriptProbe? probe)
    {
        _probe = probe;
        Blake3.Hash(Encoding.UTF8.GetBytes(domain), _state);
        _hasher = new Blake3Hasher(_state);
        _absorbing = true;
    }

    /// <summary>Absorbs one message.</summary>
    public void Absorb(ReadOnlySpan<byte> message)
    {
        if (_probe is not null && !_probe.Absorb(ref message))
            return;
        BeginMessage(message.Length);
        _hasher.Append(message);
    }

    /// <summary>Absorbs one message: each word as 4 bytes, little-endian.</summary>
    internal void AbsorbWords(params ReadOnlySpan<int> words)
    {
        var bytes = new byte[sizeof(int) * words.Length];
        for (var i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(sizeof(int) * i), words[i]);
        Absorb(bytes);
    }

    /// <summary>Absorbs the element's 16 bytes: the message of one element.</summary>
    public void Absorb(Ext4 element) => Absorb([element]);

    /// <summary>Absorbs one message: each element's four canonical coefficients, lowest first, 4 bytes each, little-endian.</summary>
    public void Absorb(ReadOnlySpan<Ext4> elements)
    {
        // Chunks that come together are hashed together.
        const int Piece = 1024;
        if (_probe is not null)
        {
            var message = new byte[elements.Length * Ext4.Bytes];
            for (var i = 0; i < elements.Length; i++)
                Encode(elements[i], message.AsSpan(i * Ext4.Bytes));
            Absorb(message);
            return;
        }
        BeginMessage((long)elements.Length * Ext4.Bytes);
        Span<byte> encoding = stackalloc byte[Math.Min(Piece, elements.Length) * Ext4.Bytes];
        while (!elements.IsEmpty)
        {
            var count = Math.Min(Piece, elements.Length);
            for (var i = 0; i < count; i++)
                Encode(elements[i], encoding[(i * Ext4.Bytes)..]);
            _hasher.Append(encoding[..(count * Ext4.Bytes)]);
            elements = elements[count..];
        }
    }

    /// <summary>A uniform element.</summary>
    public Ext4 NextChallenge()
    {
        var c0 = NextCoefficient();
        var c1 = NextCoefficient();
        var c2 = NextCoefficient();
        var c3 = NextCoefficient();
        var challenge = new Ext4(c0, c1, c2, c3);
        return _probe?.Challenge(challenge) ?? challenge;
    }

    /// <summary>Fills the span with independent uniform elements.</summary>
    public void NextChallenges(Span<Ext4> challenges)
    {
        foreach (ref var challenge in challenges)
            challenge = NextChallenge();
    }

    /// <summary>A uniform set of positions below 2^bits, ascending.</summary>
    /// <param name="count">At most 2^bits.</param>
    /// <param name="bits">At most 30.</param>
    public int[] NextPositions(int count, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bits, 30u);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, 1u << bits);
        var positions = new int[count];
        for (var drawn = 0; drawn < count;)
        {
            var position = (int)(NextWord() & ((1u << bits) - 1));
            var place = positions.AsSpan(0, drawn).BinarySearch(position);
            if (place >= 0)
                continue;
            positions.AsSpan(~place, drawn - ~place).CopyTo(positions.AsSpan(~place + 1));
            positions[~place] = position;
            drawn++;
        }
        return _probe?.Positions(positions, bits) ?? positions;
    }

    private void BeginMessage(long length)
    {
        if (!_absorbing)
            _hasher.Restart(_state);
        _absorbing = true;
        Span<byte> prefix = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, length);
        _hasher.Append(prefix);
    }

    private Felt NextCoefficient()
    {
        Felt coefficient;
        while (!Felt.TryFromCanonical(NextWord() & LowBits, out coefficient))
        {
        }
        return coefficient;
    }

    private uint NextWord()
    {
        if (_absorbing)
            BeginChallenges();
        if (_used == Blake3.BlockBytes)
            NextBlock();
        var word = BinaryPrimitives.ReadUInt32LittleEndian(_block.AsSpan(_used));
        _used += sizeof(uint);
        return word;
    }

    private void BeginChallenges()
    {
        _absorbing = false;
        _output = _hasher.Finish();
        _nextBlock = 0;
        NextBlock();
        _block.AsSpan(0, _state.Length).CopyTo(_state);
        _used = _state.Length;
    }

    private void NextBlock()
    {
        _output.ReadBlock(_nextBlock++, _block);
        _used = 0;
    }

    private static void Encode(Ext4 element, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, element.C0.ToUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], element.C1.ToUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], element.C2.ToUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], element.C3.ToUInt32());
    }
}
