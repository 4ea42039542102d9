using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Aivm.Inference;

/// <summary>A linear layer's source as its vector kernel reads it: channels innermost, zeros around it, 16 bits where S8 may be negative.</summary>
/// <param name="paddedChannels">The source's channels, or more in multiples of 16 and then without widening.</param>
internal sealed unsafe class PadSource(Tensor source, Padding padding, bool wide, int paddedChannels, Block? scratch)
{
    private readonly int _channels = source.Info.Shape[0];
    private readonly int _height = source.Info.Shape[1];
    private readonly int _width = source.Info.Shape[2];

    public static bool IsNeeded(Tensor source, Padding padding, bool wide, int paddedChannels) =>
        padding != Padding.None || (wide && source.Type == ElementType.S8) || paddedChannels != source.Info.Shape[0];

    public static long Bytes(Shape source, Padding padding, bool wide, int paddedChannels) =>
        ((long)source[1] + padding.Top + padding.Bottom) * ((long)source[2] + padding.Left + padding.Right) * paddedChannels * (wide ? 2 : 1);

    public byte* Run(byte* memory)
    {
        var from = memory + source.Block.Offset;
        if (scratch is null)
            return from;
        var to = memory + scratch.Offset;
        var elementSize = wide ? 2 : 1;
        var sourceSize = ElementTypes.SizeOf(source.Type);
        var pixel = (long)paddedChannels * elementSize;
        var row = (_width + padding.Left + padding.Right) * pixel;

        var target = Clear(to, padding.Top * row);
        for (var y = 0; y < _height; y++)
        {
            target = Clear(target, padding.Left * pixel);
            if (paddedChannels == _channels)
            {
                Copy(from, target, _width * _channels, sourceSize);
                from += (long)_width * _channels * sourceSize;
                target += _width * pixel;
            }
            else
            {
                for (var x = 0; x < _width; x++, target += pixel, from += (long)_channels * sourceSize)
                    CopyPixel(from, target, pixel);
            }
            target = Clear(target, padding.Right * pixel);
        }
        Clear(target, padding.Bottom * row);
        return to;
    }

    /// <summary>The channels that fill a pixel up hold anything: a kernel that pads channels discards what it computes of them.</summary>
    private static void CopyPixel(byte* from, byte* to, long bytes)
    {
        for (var i = 0L; i < bytes; i += Vector128<byte>.Count)
            Vector128.Load(from + i).Store(to + i);
    }

    private static byte* Clear(byte* target, long bytes)
    {
        new Span<byte>(target, (int)bytes).Clear();
        return target + bytes;
    }

    private void Copy(byte* from, byte* to, int elements, int sourceSize)
    {
        if (!wide || sourceSize == 2)
        {
            new ReadOnlySpan<byte>(from, elements * sourceSize).CopyTo(new Span<byte>(to, elements * sourceSize));
            return;
        }
        var i = 0;
        for (; i <= elements - 16; i += 16)
            Avx2.ConvertToVector256Int16((sbyte*)from + i).Store((short*)to + i);
        for (; i < elements; i++)
            ((short*)to)[i] = ((sbyte*)from)[i];
    }
}
