using Aivm.Primitives;

namespace Aivm.Inference;

/// <summary>The canonical bytes of a graph (docs/spec/aivm-q.md): one encoding per graph, every byte consumed.</summary>
public static class Container
{
    /// <summary>The bytes of a graph.</summary>
    public static byte[] Encode(Graph graph) => throw new NotImplementedException();

    /// <summary>Reads a graph. Its rules are <see cref="GraphAnalysis"/>'s to check.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> container, ModelLimits limits, out Graph graph, out Error error) => throw new NotImplementedException();
}
