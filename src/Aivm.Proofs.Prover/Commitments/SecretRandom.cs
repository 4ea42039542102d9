using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Aivm.Proofs.Prover;

/// <summary>
/// The prover's secret randomness: 32 bytes, expanded by keyed BLAKE3 (of nothing, output as long as needed, in the order of
/// <see cref="Blake3Lanes.Expand"/>). All elements are exactly uniform: a word of 31 bits is taken when it is below the modulus. For one
/// thread at a time.
/// </summary>
public sealed class SecretRandom
{
    private const uint LowBits = int.MaxValue;

    /// <summary>Groups of output that are worth a thread.</summary>
    private const int LeastGroups = 1 << 7;

    private readonly Blake3Output _output;
    private readonly uint[] _words = new uint[4 * Blake3Lanes.GroupWords];
    private int _used;
    private ulong _nextGroup;

    /// <summary>
    /// Stands in for the system's randomness on this thread while a test makes a proof that must come out the same each time. Null everywhere else: a proof
    /// whose randomness somebody knows hides nothing from them.
    /// </summary>
    [ThreadStatic]
    internal static Func<byte[]>? SeedsOfTests;

    /// <summary>Fresh randomness of the system.</summary>
    public SecretRandom()
        : this(SeedsOfTests?.Invoke() ?? RandomNumberGenerator.GetBytes(Blake3.KeyBytes))
    {
    }

    /// <summary>The same stream for the same seed, on any machine: for what must be made again from a stored secret.</summary>
    /// <param name="seed">32 bytes, used for one purpose only.</param>
    public SecretRandom(ReadOnlySpan<byte> seed)
    {
        _output = new Blake3Hasher(seed).Finish();
        _used = _words.Length;
    }

    /// <summary>Fills the span with uniform words, such as salts.</summary>
    /// <param name="threads">Change nothing but the time.</param>
    public unsafe void FillWords(Span<uint> words, int threads = 1)
    {
        // Whole groups are the output as it is, wherever a thread begins.
        var groups = (words.Length - (_words.Length - _used)) / Blake3Lanes.GroupWords;
        if (threads > 1 && groups >= 2 * LeastGroups)
        {
            var started = _words.AsSpan(_used);
            started.CopyTo(words);
            words = words[started.Length..];
            _used = _words.Length;
            var first = _nextGroup;
            fixed (uint* to = words)
            {
                var start = (nint)to;
                Parts.Run(threads, groups, LeastGroups, (_, from, end) => Blake3Lanes.Expand(
                    _output, first + (ulong)from, new Span<uint>((uint*)start + (from * Blake3Lanes.GroupWords), (end - from) * Blake3Lanes.GroupWords)));
            }
            _nextGroup += (ulong)groups;
            words = words[(groups * Blake3Lanes.GroupWords)..];
        }
        while (!words.IsEmpty)
        {
            var fresh = Fresh();
            var count = Math.Min(fresh.Length, words.Length);
            fresh[..count].CopyTo(words);
            words = words[count..];
            _used += count;
        }
    }

    /// <summary>Fills the span with uniform elements. (It makes no difference for those whether their form is Montgomery's.)</summary>
    public void Fill(Span<uint> elements)
    {
        while (!elements.IsEmpty)
        {
            var fresh = Fresh();
            fresh = fresh[..Math.Min(fresh.Length, elements.Length)];
            elements = elements[TakeElements(fresh, elements)..];
            _used += fresh.Length;
        }
    }

    public Felt NextFelt()
    {
        uint element = 0;
        Fill(new Span<uint>(ref element));
        return Felt.FromMontgomery(element);
    }

    public Ext4 NextExt4()
    {
        Span<uint> elements = stackalloc uint[Ext4.Degree];
        Fill(elements);
        return new Ext4(
            Felt.FromMontgomery(elements[0]), Felt.FromMontgomery(elements[1]),
            Felt.FromMontgomery(elements[2]), Felt.FromMontgomery(elements[3]));
    }

    public Ext4[] NextElements(int count)
    {
        var elements = new Ext4[count];
        foreach (ref var element in elements.AsSpan())
            element = NextExt4();
        return elements;
    }

    /// <summary>Words not used yet: at least one.</summary>
    private ReadOnlySpan<uint> Fresh()
    {
        if (_used == _words.Length)
        {
            Blake3Lanes.Expand(_output, _nextGroup, _words);
            _nextGroup += (ulong)(_words.Length / Blake3Lanes.GroupWords);
            _used = 0;
        }
        return _words.AsSpan(_used);
    }

    /// <summary>Moves the words that are elements, without a branch on what cannot be predicted.</summary>
    /// <param name="elements">At least as long as <paramref name="words"/>.</param>
    /// <returns>How many.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe int TakeElements(ReadOnlySpan<uint> words, Span<uint> elements)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(elements.Length, words.Length);
        fixed (uint* to = elements)
        {
            nint taken = 0;
            foreach (var word in words)
            {
                var element = word & LowBits;
                to[taken] = element;
                taken = unchecked(taken + (element < Felt.Modulus ? 1 : 0));
            }
            return (int)taken;
        }
    }
}
