using System.Buffers.Binary;
using Aivm.Primitives;
using Aivm.State;

namespace Aivm.CrashWriter;

/// <summary>Where the chain of numbered blocks stands, and the root of each.</summary>
public static class Head
{
    private static readonly byte[] HeadKey = StoreKeys.Of(StoreKeys.FirstFree);

    public static (ulong Number, Hash256 Root) Read(IKeyValueStore store)
    {
        if (store.Get(HeadKey) is not { } head)
            return (0, MerklePatriciaTrie.EmptyRoot);
        var number = BinaryPrimitives.ReadUInt64BigEndian(head);
        return (number, RootOf(store, number)!.Value);
    }

    public static Hash256? RootOf(IKeyValueStore store, ulong number) =>
        store.Get(StoreKeys.Of(StoreKeys.FirstFree + 1, number)) is { } root ? new Hash256(root) : null;

    public static void Write(WriteBatch batch, ulong number, Hash256 root)
    {
        var head = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(head, number);
        batch.Put(HeadKey, head);
        batch.Put(StoreKeys.Of(StoreKeys.FirstFree + 1, number), root.ToArray());
    }
}
