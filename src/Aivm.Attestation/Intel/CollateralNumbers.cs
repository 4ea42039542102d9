namespace Aivm.Attestation;

/// <summary>How new collateral is, part by part. Each only rises: who stores collateral refuses what is behind in any of them.</summary>
/// <param name="TcbIssued">Unix seconds.</param>
/// <param name="QeIssued">Unix seconds.</param>
/// <param name="RootCrl">Of the list. Intel's say 1, all of them: how new one is, its time says.</param>
/// <param name="PckCrl">Of the list, likewise.</param>
/// <param name="RootCrlIssued">thisUpdate, in unix seconds.</param>
/// <param name="PckCrlIssued">thisUpdate, in unix seconds.</param>
public readonly record struct CollateralNumbers(
    long TcbIssued, int TcbEvaluation, long QeIssued, int QeEvaluation, ulong RootCrl, ulong PckCrl, long RootCrlIssued, long PckCrlIssued)
{
    public bool IsBehind(CollateralNumbers other) =>
        TcbIssued < other.TcbIssued || TcbEvaluation < other.TcbEvaluation || QeIssued < other.QeIssued || QeEvaluation < other.QeEvaluation
        || RootCrl < other.RootCrl || PckCrl < other.PckCrl || RootCrlIssued < other.RootCrlIssued || PckCrlIssued < other.PckCrlIssued;
}
