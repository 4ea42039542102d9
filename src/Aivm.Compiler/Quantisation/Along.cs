using Aivm.Inference;

namespace Aivm.Compiler.Quantisation;

/// <summary>An ONNX shape and one of its axes as the integer graph has them: without the batch, unless that is the axis.</summary>
internal readonly record struct Along(Shape Shape, int Axis)
{
    public static Along Of(int[] shape, int axis) =>
        axis > 0 && shape[0] == 1 ? new([.. shape.AsSpan(1)], axis - 1) : new([.. shape], axis);

    /// <summary>With another extent along the axis.</summary>
    public Shape With(int extent) => [.. Shape.Dimensions.SetItem(Axis, extent)];
}
