namespace Aivm.Inference;

/// <summary>See <see cref="CompareNode"/>.</summary>
internal sealed unsafe class CompareStep(Comparison comparison, Tensor left, Tensor right, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        var to = (sbyte*)(memory + destination.Block.Offset);
        for (var i = 0L; i < left.Elements; i++)
        {
            var (a, b) = (Elements.Load(from, left.Type, i), Elements.Load(with, right.Type, i));
            var holds = comparison switch
            {
                Comparison.Less => a < b,
                Comparison.LessOrEqual => a <= b,
                _ => a == b,
            };
            to[i] = (sbyte)(holds ? 1 : 0);
        }
    }
}

/// <summary>See <see cref="WhereNode"/>.</summary>
internal sealed unsafe class WhereStep(Tensor condition, Tensor left, Tensor right, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var holds = (sbyte*)(memory + condition.Block.Offset);
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        var to = memory + destination.Block.Offset;
        switch (ElementTypes.SizeOf(left.Type))
        {
            case 1:
                Choose(holds, from, with, to);
                break;
            case 2:
                Choose(holds, (short*)from, (short*)with, (short*)to);
                break;
            case 4:
                Choose(holds, (int*)from, (int*)with, (int*)to);
                break;
            default:
                Choose(holds, (long*)from, (long*)with, (long*)to);
                break;
        }
    }

    private void Choose<T>(sbyte* holds, T* left, T* right, T* to)
        where T : unmanaged
    {
        for (var i = 0L; i < condition.Elements; i++)
            to[i] = holds[i] != 0 ? left[i] : right[i];
    }
}
