using Aivm.Primitives;

namespace Aivm.Provider;

/// <summary>Why a provider does not take a job: the reason that the caller reads on the chain.</summary>
internal sealed class JobRefusal(string code, string message) : AivmException(Failure.Input, code, message)
{
    /// <summary>As the chain takes it.</summary>
    public string Reason => $"{Error.Code}: {Message}" is var text && text.Length > MaxLength ? text[..MaxLength] : $"{Error.Code}: {Message}";

    // Bytes on the chain are 256; what is not ASCII takes up to three.
    private const int MaxLength = 85;
}
