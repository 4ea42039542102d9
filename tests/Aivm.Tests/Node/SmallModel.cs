using System.Buffers.Binary;
using Aivm.Inference;
using Aivm.Tests.Inference;

namespace Aivm.Tests.Node;

/// <summary>A dense layer of two outputs over four integers, and one run of it.</summary>
internal static class SmallModel
{
    public static readonly long[] Input = [10, -20, 30, 7];

    public static byte[] Container { get; } = Aivm.Inference.Container.Encode(Graphs.OfS8([4], source => new DenseNode
    {
        Source = source,
        Weights = Constant.S8([2, 4], [1, 2, 3, 4, -1, 0, 1, 2]),
        Bias = Constant.S32([2], [5, -5]),
        Requantise = Requantise.To(ElementType.S8, [0, 1], new Activation.Clamp(-100, 100)),
    }));

    public static byte[] PackedInput
    {
        get
        {
            var packed = new byte[sizeof(long) * Input.Length];
            for (var i = 0; i < Input.Length; i++)
                BinaryPrimitives.WriteInt64LittleEndian(packed.AsSpan(sizeof(long) * i), Input[i]);
            return packed;
        }
    }

    public static long[] Output
    {
        get
        {
            Assert.True(Model.TryLoad(Container, out var model, out var error), error?.ToString());
            var output = new long[model.OutputCount];
            Assert.True(model.TryRun(Input, output, out error), error?.ToString());
            return output;
        }
    }
}
