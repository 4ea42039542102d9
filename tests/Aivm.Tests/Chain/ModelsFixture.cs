using System.Buffers.Binary;
using Aivm.Chain;
using Aivm.Inference;
using Aivm.Primitives;
using Aivm.Tests.Inference;

namespace Aivm.Tests.Chain;

/// <summary>Small models and the transactions that publish and call them.</summary>
internal static class ModelsFixture
{
    public const ulong Gas = 10_000_000;

    /// <summary>[x0, x1] to [x0 + 2 x1 + bias, 3 x0 - x1].</summary>
    public static byte[] Container(int bias = 10) => Aivm.Inference.Container.Encode(Graphs.OfS8([2], source => new DenseNode
    {
        Source = source,
        Weights = Constant.S8([2, 2], [1, 2, 3, -1]),
        Bias = Constant.S32([2], [bias, 0]),
        Requantise = Requantise.Raw([0]),
    }));

    /// <summary>A model of about this many bytes.</summary>
    public static byte[] LargeContainer(int bytes) => Aivm.Inference.Container.Encode(Graphs.OfS8([bytes / 8], source => new DenseNode
    {
        Source = source,
        Weights = Constant.S8([8, bytes / 8], new sbyte[bytes / 8 * 8]),
        Bias = Constant.S32([8], new int[8]),
        Requantise = Requantise.To(ElementType.S8, 4),
    }));

    public static byte[] Packed(params long[] values)
    {
        var packed = new byte[8 * values.Length];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(packed.AsSpan(8 * i), values[i]);
        return packed;
    }

    public static byte[] Begin(Hash256 hash, int size) => ModelsAbi.Begin.BeginCall().WriteHash(hash).WriteUInt((ulong)size).ToArray();

    public static byte[] Chunk(Hash256 hash, int offset, ReadOnlySpan<byte> data) =>
        ModelsAbi.Chunk.BeginCall().WriteHash(hash).WriteUInt((ulong)offset).WriteBytes(data).ToArray();

    public static byte[] Seal(Hash256 hash, string name, string metadata = "", UInt256 price = default) =>
        ModelsAbi.Seal.BeginCall().WriteHash(hash).WriteString(name).WriteString(metadata).WriteUInt(price).ToArray();

    public static byte[] Reclaim(Address publisher, Hash256 hash) => ModelsAbi.Reclaim.BeginCall().WriteAddress(publisher).WriteHash(hash).ToArray();

    public static byte[] Infer(Address model, params long[] input) =>
        ModelsAbi.Infer.BeginCall().WriteAddress(model).WriteBytes(Packed(input)).ToArray();

    public static byte[] ModelInfer(params long[] input) => ModelsAbi.ModelInfer.BeginCall().WriteInt64Array(input).ToArray();

    public static byte[] ModelInferPacked(params long[] input) => ModelsAbi.ModelInferPacked.BeginCall().WriteBytes(Packed(input)).ToArray();

    public static UInt256 Deposit(int size) => TestChain.Gwei * (ulong)size;

    public static Transaction Models(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default, ulong gas = Gas) =>
        chain.Sign(from, SystemContracts.Models, value, data, gas);

    public static Address Publish(
        this TestChain chain, TestAccount from, byte[] container, string name = "model", string metadata = "", UInt256 price = default, int? chunkSize = null)
    {
        var hash = Keccak.Hash(container);
        Assert.True(chain.Run(chain.Models(from, Begin(hash, container.Length), Deposit(container.Length))).Success);
        var step = chunkSize ?? container.Length;
        for (var offset = 0; offset < container.Length; offset += step)
        {
            var data = container.AsSpan(offset, Math.Min(step, container.Length - offset));
            Assert.True(chain.Run(chain.Models(from, Chunk(hash, offset, data))).Success);
        }
        Assert.True(chain.Run(chain.Models(from, Seal(hash, name, metadata, price), gas: ChainLimits.Default.TransactionGas)).Success);
        return ModelAccount.AddressOf(from.Address, hash);
    }

    /// <summary>Mines a call of the Models contract that must revert, and returns the name of its error.</summary>
    public static string Revert(this TestChain chain, TestAccount from, byte[] data, UInt256 value = default)
    {
        var call = chain.Call(from.Address, SystemContracts.Models, data, value).Call;
        Assert.Equal(CallStatus.Reverted, call.Status);
        Assert.True(AbiSelector.TrySplit(call.Output.Span, out var selector, out _));
        Assert.Equal(ModelsErrors.All.Single(error => error.Selector == selector).Name, call.Error!.Code);
        var mined = chain.Run(chain.Models(from, data, value));
        Assert.False(mined.Success);
        Assert.Empty(mined.Logs);
        return call.Error.Code;
    }

    public static (long[] Output, Hash256 ReceiptId) ReadInference(ReadOnlySpan<byte> returned)
    {
        var reader = new AbiReader(returned);
        Assert.True(reader.TryReadInt64Array(1000, out var output) & reader.TryReadHash(out var id) & reader.TryEnd());
        return (output, id);
    }

    public static long[] ReadOutput(ReadOnlySpan<byte> returned)
    {
        var reader = new AbiReader(returned);
        Assert.True(reader.TryReadInt64Array(1000, out var output) & reader.TryEnd());
        return output;
    }
}
