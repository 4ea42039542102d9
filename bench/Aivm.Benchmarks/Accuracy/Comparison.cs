namespace Aivm.Benchmarks.Accuracy;

/// <summary>One model's outputs in integers beside its peer's, sample by sample.</summary>
internal sealed class Comparison
{
    private readonly List<int> _ours = [];
    private readonly List<int> _theirs = [];
    private double _signal;
    private double _error;

    /// <summary>By sample: the index of the largest output.</summary>
    public int[] Ours => [.. _ours];

    public int[] Theirs => [.. _theirs];

    /// <summary>The share of samples with the same label.</summary>
    public double Agreement => (double)_ours.Zip(_theirs).Count(pair => pair.First == pair.Second) / _ours.Count;

    /// <summary>The power of the peer's outputs over that of the difference.</summary>
    public double Decibels => 10 * Math.Log10(_signal / _error);

    public void Add(double[] ours, double[] theirs)
    {
        _ours.Add(ours.IndexOf(ours.Max()));
        _theirs.Add(theirs.IndexOf(theirs.Max()));
        for (var i = 0; i < theirs.Length; i++)
        {
            _signal += theirs[i] * theirs[i];
            _error += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        }
    }
}
