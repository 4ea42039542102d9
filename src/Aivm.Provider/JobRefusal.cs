using Aivm.Primitives;

namespace Aivm.Provider;

/// <summary>Why a provider does not take a job: the reason that the caller reads on the chain.</summary>
internal sealed class JobRefusal(string code, string message) : AivmException(Failure.Input, code, message)
{
    /// <summary>As the chain takes it.</summary>
    public string Reason
    {
        get
        {
            var text = $"{Error.Code}: {Message}";
            if (text.Length <= MaxLength)
                return text;
            // Names in models are other people's: half a letter of one is no text.
            return text[..(char.IsHighSurrogate(text[MaxLength - 1]) ? MaxLength - 1 : MaxLength)];
        }
    }

    // Bytes on the chain are 256; what is not ASCII takes up to three.
    private const int MaxLength = 85;
}
