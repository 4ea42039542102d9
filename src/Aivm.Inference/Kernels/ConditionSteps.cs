using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>See <see cref="CompareNode"/>.</summary>
internal sealed unsafe class CompareStep(Comparison comparison, Tensor left, Tensor right, Tensor destination) : Step
{
    public override void Run(byte* memory)
    {
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        var to = memory + destination.Block.Offset;
        switch (left.Type)
        {
            case ElementType.S8:
                Compare((sbyte*)from, (sbyte*)with, to);
                break;
            case ElementType.S16:
                Compare((short*)from, (short*)with, to);
                break;
            case ElementType.S32:
                Compare((int*)from, (int*)with, to);
                break;
            default:
                Compare((long*)from, (long*)with, to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Compare<T>(T* a, T* b, byte* to)
        where T : unmanaged, IBinaryInteger<T>
    {
        var elements = left.Elements;
        unchecked
        {
            switch (comparison)
            {
                case Comparison.Less:
                    for (var i = 0L; i < elements; i++)
                        to[i] = a[i] < b[i] ? (byte)1 : (byte)0;
                    break;
                case Comparison.LessOrEqual:
                    for (var i = 0L; i < elements; i++)
                        to[i] = a[i] <= b[i] ? (byte)1 : (byte)0;
                    break;
                default:
                    for (var i = 0L; i < elements; i++)
                        to[i] = a[i] == b[i] ? (byte)1 : (byte)0;
                    break;
            }
        }
    }
}

/// <summary>See <see cref="WhereNode"/>.</summary>
internal sealed unsafe class WhereStep(Tensor condition, Tensor left, Tensor right, Tensor destination, SimdLevel level) : Step
{
    public override void Run(byte* memory)
    {
        var holds = (sbyte*)(memory + condition.Block.Offset);
        var from = memory + left.Block.Offset;
        var with = memory + right.Block.Offset;
        var to = memory + destination.Block.Offset;
        var done = level == SimdLevel.Scalar ? 0 : ChooseLanes(holds, from, with, to);
        switch (ElementTypes.SizeOf(left.Type))
        {
            case 1:
                Choose(done, holds, (sbyte*)from, (sbyte*)with, (sbyte*)to);
                break;
            case 2:
                Choose(done, holds, (short*)from, (short*)with, (short*)to);
                break;
            case 4:
                Choose(done, holds, (int*)from, (int*)with, (int*)to);
                break;
            default:
                Choose(done, holds, (long*)from, (long*)with, (long*)to);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Choose<T>(long done, sbyte* holds, T* a, T* b, T* to)
        where T : unmanaged
    {
        for (; done < condition.Elements; done++)
            to[done] = holds[done] != 0 ? a[done] : b[done];
    }

    /// <returns>How many were chosen: of S8 and S16, a multiple of sixteen; of wider types none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long ChooseLanes(sbyte* holds, byte* a, byte* b, byte* to)
    {
        var (size, done) = (ElementTypes.SizeOf(left.Type), 0L);
        unchecked
        {
            for (; size <= 2 && done <= condition.Elements - 16; done += 16)
            {
                // All ones where the condition does not hold.
                var fails = Vector128.Equals(Vector128.Load(holds + done), Vector128<sbyte>.Zero);
                if (size == 1)
                {
                    Choose(fails, done, (sbyte*)a, (sbyte*)b, (sbyte*)to);
                    continue;
                }
                var (low, high) = Vector128.Widen(fails);
                Choose(low, done, (short*)a, (short*)b, (short*)to);
                Choose(high, done + 8, (short*)a, (short*)b, (short*)to);
            }
        }
        return done;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Choose<T>(Vector128<T> fails, long index, T* a, T* b, T* to)
        where T : unmanaged => unchecked(Vector128.ConditionalSelect(fails, Vector128.Load(b + index), Vector128.Load(a + index))).Store(unchecked(to + index));
}
