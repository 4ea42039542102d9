using Aivm.Inference;

namespace Aivm.Compiler.Network;

/// <summary>Which elements of [1, C, H, W] each place of a window touches: none of the padding. Along an axis they follow each other a dilation apart.</summary>
internal sealed class WindowTaps
{
    private readonly int _channels;
    private readonly int _height;
    private readonly int _width;
    private readonly int _rowStep;
    private readonly (int First, int Count)[] _rows;
    private readonly (int First, int Count)[] _columns;

    public WindowTaps(int[] shape, Window window)
    {
        (_channels, _height, _width) = (shape[1], shape[2], shape[3]);
        (_rowStep, ColumnStep) = (window.Dilations.Height, window.Dilations.Width);
        _rows = Along((int)window.OutputHeight(_height), _height, window.Kernel.Height, window.Strides.Height, _rowStep, window.Padding.Top);
        _columns = Along((int)window.OutputWidth(_width), _width, window.Kernel.Width, window.Strides.Width, ColumnStep, window.Padding.Left);
    }

    /// <summary>Elements of the result, channel after channel.</summary>
    public int Outputs => _channels * _rows.Length * _columns.Length;

    /// <summary>From an element of a run to the next.</summary>
    public int ColumnStep { get; }

    /// <summary>How many elements one place of the result touches.</summary>
    public int TouchedBy(int output) => _rows[output / _columns.Length % _rows.Length].Count * _columns[output % _columns.Length].Count;

    /// <summary>Place after place of the result, and for each row after row of its window.</summary>
    /// <param name="visit">Takes the place, the first element, and how many there are, <see cref="ColumnStep"/> apart.</param>
    public void ForEachRow(Action<int, int, int> visit)
    {
        var output = 0;
        for (var channel = 0; channel < _channels; channel++)
            foreach (var rows in _rows)
                foreach (var columns in _columns)
                {
                    for (var u = 0; u < rows.Count; u++)
                        visit(output, ((channel * _height) + rows.First + (u * _rowStep)) * _width + columns.First, columns.Count);
                    output++;
                }
    }

    private static (int First, int Count)[] Along(int outputs, int extent, int kernel, int stride, int step, int padding)
    {
        var taps = new (int First, int Count)[outputs];
        for (var i = 0; i < outputs; i++)
        {
            var start = (i * stride) - padding;
            var skipped = start < 0 ? (-start + step - 1) / step : 0;
            var first = start + (skipped * step);
            var inside = first < extent ? (extent - 1 - first) / step + 1 : 0;
            taps[i] = (first, Math.Max(0, Math.Min(kernel - skipped, inside)));
        }
        return taps;
    }
}
