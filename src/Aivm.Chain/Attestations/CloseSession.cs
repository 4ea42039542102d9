using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary><c>closeSession()</c>: the caller's session ends, live or not, and its machine is free.</summary>
internal static class CloseSession
{
    public static byte[] Execute(NativeCall call, AbiReader arguments)
    {
        if (!arguments.TryEnd())
            throw ContractErrors.MalformedCalldata(AttestationsAbi.CloseSession);
        var session = AttestationsStorage.Session(call, call.Caller);
        if (!session.Exists)
            throw AttestationsErrors.NoSession(call.Caller);
        session.Clear();
        call.Log(AttestationsAbi.SessionClosed, AttestationsAbi.SessionClosed.BeginData(), AbiEvent.TopicOf(call.Caller));
        return [];
    }
}
