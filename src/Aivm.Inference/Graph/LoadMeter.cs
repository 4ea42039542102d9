namespace Aivm.Inference;

/// <summary>Adds up what loading takes and stops it where the gas ends. Everything is counted before the work is done.</summary>
internal sealed class LoadMeter(ulong limit)
{
    private Int128 _thousandths = GasTable.Load;

    /// <summary>So far; for work that was refused, with what it would have taken.</summary>
    public ulong Gas => (ulong)Int128.Min(GasTable.ToGas(_thousandths), ulong.MaxValue);

    /// <returns>False where there is less gas.</returns>
    public bool TryTake(Int128 count, long price)
    {
        _thousandths += count * price;
        return GasTable.ToGas(_thousandths) <= limit;
    }

    public string Refusal => $"loading takes more than {limit} gas";
}
