using Aivm.Primitives;

namespace Aivm.Tests.State;

/// <summary>The root of a set of pairs, written down from the Yellow Paper's appendix D and shared with no other code.</summary>
internal static class ReferenceTrie
{
    public static Hash256 Root(IEnumerable<KeyValuePair<byte[], byte[]>> pairs)
    {
        var all = pairs.Select(pair => (Path: Path(pair.Key), pair.Value)).ToList();
        return Keccak.Hash(all.Count == 0 ? [0x80] : Structure(all, 0));
    }

    /// <summary>c(J, i)</summary>
    private static byte[] Structure(List<(byte[] Path, byte[] Value)> pairs, int depth)
    {
        if (pairs.Count == 1)
            return List(String(HexPrefix(pairs[0].Path[depth..], true)), String(pairs[0].Value));
        var common = pairs.Min(pair => pair.Path.AsSpan().CommonPrefixLength(pairs[0].Path));
        if (common > depth)
            return List(String(HexPrefix(pairs[0].Path[depth..common], false)), Reference(pairs, common));
        var items = new List<byte[]>();
        for (var nibble = 0; nibble < 16; nibble++)
            items.Add(Reference([.. pairs.Where(pair => pair.Path.Length > depth && pair.Path[depth] == nibble)], depth + 1));
        items.Add(String(pairs.Where(pair => pair.Path.Length == depth).Select(pair => pair.Value).SingleOrDefault([])));
        return List([.. items]);
    }

    /// <summary>n(J, i)</summary>
    private static byte[] Reference(List<(byte[] Path, byte[] Value)> pairs, int depth)
    {
        if (pairs.Count == 0)
            return [0x80];
        var structure = Structure(pairs, depth);
        return structure.Length < 32 ? structure : String(Keccak.Hash(structure).ToArray());
    }

    private static byte[] Path(byte[] key) => [.. key.SelectMany(part => new[] { (byte)(part >> 4), (byte)(part & 15) })];

    private static byte[] HexPrefix(byte[] path, bool leaf)
    {
        var flag = (leaf ? 2 : 0) + (path.Length % 2);
        byte[] nibbles = path.Length % 2 == 1 ? [(byte)flag, .. path] : [(byte)flag, 0, .. path];
        return [.. nibbles.Chunk(2).Select(pair => (byte)((pair[0] << 4) | pair[1]))];
    }

    private static byte[] String(byte[] bytes) =>
        bytes.Length == 1 && bytes[0] < 0x80 ? bytes : [.. Header(bytes.Length, 0x80), .. bytes];

    private static byte[] List(params byte[][] items) =>
        [.. Header(items.Sum(item => item.Length), 0xC0), .. items.SelectMany(item => item)];

    private static byte[] Header(int length, int shortest)
    {
        if (length <= 55)
            return [(byte)(shortest + length)];
        byte[] digits = length < 256 ? [(byte)length] : [(byte)(length >> 8), (byte)(length & 0xFF)];
        return [(byte)(shortest + 55 + digits.Length), .. digits];
    }
}
