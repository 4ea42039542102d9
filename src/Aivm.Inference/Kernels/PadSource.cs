using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Aivm.Inference;

/// <summary>A linear layer's source as its vector kernel reads it: channels innermost, zeros around it, in one of three forms.</summary>
/// <param name="scratch">Null where the source serves as it is.</param>
internal sealed unsafe class PadSource(Tensor source, Padding padding, SourceForm form, Block? scratch)
{
    private readonly int _height = source.Info.Shape[1];
    private readonly int _rowElements = source.Info.Shape[2] * source.Info.Shape[0];
    private readonly int _left = padding.Left * source.Info.Shape[0] * SizeOf(source, form);
    private readonly int _right = padding.Right * source.Info.Shape[0] * SizeOf(source, form);

    public static bool IsNeeded(Tensor source, Padding padding, SourceForm form) =>
        padding != Padding.None || form == SourceForm.Offset || (form == SourceForm.Wide && source.Type == ElementType.S8);

    public static long Bytes(Tensor source, Padding padding, SourceForm form)
    {
        var shape = source.Info.Shape;
        return ((long)shape[1] + padding.Top + padding.Bottom) * ((long)shape[2] + padding.Left + padding.Right) * shape[0] * SizeOf(source, form);
    }

    /// <summary>Bytes of an element.</summary>
    public static int SizeOf(Tensor source, SourceForm form) => form == SourceForm.Wide ? 2 : ElementTypes.SizeOf(source.Type);

    public byte* Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        if (scratch is null)
            return from;
        var start = memory + scratch.Offset;
        var size = SizeOf(source, form);
        var row = (_rowElements * size) + _left + _right;
        var to = FillZeros(start, padding.Top * row);
        for (var y = 0; y < _height; y++, from += _rowElements * ElementTypes.SizeOf(source.Type))
        {
            to = FillZeros(to, _left);
            Copy(from, to);
            to = FillZeros(to + (_rowElements * size), _right);
        }
        FillZeros(to, padding.Bottom * row);
        return start;
    }

    private byte* FillZeros(byte* target, int bytes)
    {
        new Span<byte>(target, bytes).Fill((byte)(form == SourceForm.Offset ? 128 : 0));
        return target + bytes;
    }

    private void Copy(byte* from, byte* to)
    {
        if (form == SourceForm.Offset)
            AddOffset(from, to);
        else if (form == SourceForm.Wide && source.Type == ElementType.S8)
            Widen((sbyte*)from, (short*)to);
        else
            new ReadOnlySpan<byte>(from, _rowElements * ElementTypes.SizeOf(source.Type)).CopyTo(new Span<byte>(to, _rowElements * ElementTypes.SizeOf(source.Type)));
    }

    private void AddOffset(byte* from, byte* to)
    {
        var i = 0;
        for (; i <= _rowElements - 16; i += 16)
            (Vector128.Load(from + i) ^ Vector128.Create((byte)0x80)).Store(to + i);
        for (; i < _rowElements; i++)
            to[i] = (byte)(from[i] ^ 0x80);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Widen(sbyte* from, short* to)
    {
        unchecked
        {
            var i = 0;
            for (; i <= _rowElements - 16; i += 16)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(from + i));
                low.Store(to + i);
                high.Store(to + i + 8);
            }
            for (; i < _rowElements; i++)
                to[i] = from[i];
        }
    }
}
