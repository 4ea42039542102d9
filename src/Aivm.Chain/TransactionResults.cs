using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Outcomes as an engine reads them.</summary>
internal static class TransactionResults
{
    private const string Codespace = "aivm";

    public static TransactionResult Accepted() => new((uint)TransactionCode.Ok, default, "", 0, 0, []);

    public static TransactionResult Refused(Error error) =>
        new((uint)TransactionErrors.CodeOf(error), default, error.Message, 0, 0, [], Info: error.Code, Codespace: Codespace);

    public static TransactionResult Executed(ExecutedTransaction executed)
    {
        var error = executed.Call.Error;
        return new TransactionResult(
            (uint)CodeOf(executed.Call),
            executed.Call.Output,
            error?.ToString() ?? "",
            executed.Transaction.GasLimit,
            executed.GasUsed,
            executed.Logs.Count == 0 ? [] : [.. executed.Logs.Select(ToEvent)],
            Info: error?.Code ?? "",
            Codespace: error is null ? "" : Codespace);
    }

    private static TransactionCode CodeOf(CallResult call) => call.Status switch
    {
        CallStatus.Success => TransactionCode.Ok,
        CallStatus.Reverted => TransactionCode.Reverted,
        _ when call.Error?.Code == "out-of-gas" => TransactionCode.OutOfGas,
        _ => TransactionCode.ExecutionFailed,
    };

    private static ApplicationEvent ToEvent(LogEntry log)
    {
        List<EventAttribute> attributes = [new("address", log.Address.ToString())];
        for (var i = 0; i < log.Topics.Count; i++)
            attributes.Add(new EventAttribute($"topic{i}", log.Topics[i].ToString()));
        attributes.Add(new EventAttribute("data", Hex.Encode(log.Data.Span), Index: false));
        return new ApplicationEvent("log", attributes);
    }
}
