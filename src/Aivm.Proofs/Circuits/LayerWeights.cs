using Aivm.Inference;

namespace Aivm.Proofs;

/// <summary>The weights of a layer, [Out, In / Groups, taps]: both sides know them, or they are committed in the oracle of weights.</summary>
internal sealed class LayerWeights
{
    private Constant? _numbers;

    private LayerWeights(Constant? numbers, Storage? place) => (_numbers, Place) = (numbers, place);

    public static LayerWeights Public(Constant numbers) => new(numbers, null);

    /// <param name="place">Cell (tap * Out + o, i) of it holds w[o, i, tap].</param>
    public static LayerWeights Committed(Storage place) => new(null, place);

    /// <summary>Where they are committed; null for public ones.</summary>
    public Storage? Place { get; }

    /// <summary>What a verifier of committed weights lacks.</summary>
    private Constant Numbers => _numbers ?? throw new InvalidOperationException("Committed weights are the prover's alone.");

    /// <summary>Tells a prover the committed weights.</summary>
    public void Reveal(Constant numbers) => _numbers = numbers;

    public long At(int index) => Numbers[index];

    /// <summary>Of public ones.</summary>
    public long Count => Numbers.Count;

    /// <summary>[tap * stride + i] = the sum over the outputs o of i's group of column(o) * w[o, i, tap].</summary>
    public void WeighOutputs(in GridWeights grid, int outputs, int groups, int taps, int stride, ExtArray result)
    {
        var (outputsPerGroup, row) = (outputs / groups, Numbers.Count / outputs);
        var inputsPerGroup = row / taps;
        if (outputsPerGroup == 1)
        {
            WeighEachOutput(grid, outputs, inputsPerGroup, taps, stride, result);
            return;
        }
        using var group = new ExtArray(row);
        for (var g = 0; g < groups; g++)
        {
            SmallKernels.WeighRows(Numbers.Bytes.Slice(g * outputsPerGroup * row, outputsPerGroup * row), row, grid.Columns, grid.FirstColumn + (g * outputsPerGroup), group);
            for (var i = 0; i < inputsPerGroup; i++)
                for (var tap = 0; tap < taps; tap++)
                    result[(tap * stride) + (g * inputsPerGroup) + i] = group[(i * taps) + tap];
        }
    }

    /// <summary>The same where every output is a group of its own.</summary>
    private void WeighEachOutput(in GridWeights grid, int outputs, int inputsPerGroup, int taps, int stride, ExtArray result)
    {
        for (var o = 0; o < outputs; o++)
        {
            var column = grid.Column(o);
            for (var i = 0; i < inputsPerGroup; i++)
                for (var tap = 0; tap < taps; tap++)
                    result[(tap * stride) + (o * inputsPerGroup) + i] = column * Felt.From(Numbers[(((o * inputsPerGroup) + i) * taps) + tap]);
        }
    }

    /// <summary>The sum over the outputs o of column(o) * sum over i, tap of w[o, i, tap] * inputs[tap * channels + i].</summary>
    public Ext4 Evaluate(in GridWeights grid, ExtArray inputs, int outputs, int groups, int taps)
    {
        var (sum, outputsPerGroup, row) = (Ext4.Zero, outputs / groups, inputs.Length / groups);
        using var byChannel = taps == 1 ? null : ByChannel(inputs, taps);
        for (var o = 0; o < outputs; o++)
            sum += grid.Column(o) * SmallKernels.Dot(Numbers.Bytes.Slice(o * row, row), byChannel ?? inputs, o / outputsPerGroup * row);
        return sum;
    }

    /// <summary>[i * taps + tap].</summary>
    private static ExtArray ByChannel(ExtArray inputs, int taps)
    {
        var (channels, result) = (inputs.Length / taps, new ExtArray(inputs.Length));
        for (var i = 0; i < channels; i++)
            for (var tap = 0; tap < taps; tap++)
                result[(i * taps) + tap] = inputs[(tap * channels) + i];
        return result;
    }
}
