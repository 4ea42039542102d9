using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>An answer that a session's key signed.</summary>
internal static class SignedAnswer
{
    public static Hash256 Verify(NativeCall call, Answer answer) =>
        throw JobsErrors.EvidenceRejected("session-missing", $"{call.Caller} has no attested session for job {answer.Job}");
}
