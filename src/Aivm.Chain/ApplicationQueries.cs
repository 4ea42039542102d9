using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>What an engine's clients may ask: <c>/header</c>, and <c>/account</c> with an address as data.</summary>
internal static class ApplicationQueries
{
    private const uint NotFound = 1;
    private const uint Malformed = 2;

    /// <param name="reader">Null before there is a genesis.</param>
    public static QueryResponse Answer(ChainReader? reader, QueryRequest request)
    {
        if (reader is null)
            return Refused(NotFound, 0, TransactionErrors.NotStarted().Message);
        var height = request.Height == 0 ? reader.Head.Number : request.Height;
        if (!reader.TryGetHeader(height, out var header))
            return Refused(NotFound, height, $"There is no block {height}; the last is {reader.Head.Number}.");
        return request.Path switch
        {
            "/header" => new QueryResponse(0, header.Header.Encode(), height, []),
            "/account" => Account(reader, header, request),
            _ => Refused(Malformed, height, $"There is no path {request.Path}: use /header or /account."),
        };
    }

    /// <summary>The account's RLP (nothing where there is none), and its proof under the header's state root.</summary>
    private static QueryResponse Account(ChainReader reader, ChainHeader header, QueryRequest request)
    {
        if (request.Data.Length != Address.Size)
            return Refused(Malformed, header.Number, "The data of /account is an address of 20 bytes.");
        var proof = reader.StateAt(header).GetProof(new Address(request.Data.Span), []);
        var value = proof.Account is { } account ? account.Encode() : [];
        return new QueryResponse(0, value, header.Number, request.Prove ? proof.Nodes : []);
    }

    private static QueryResponse Refused(uint code, ulong height, string log) => new(code, default, height, [], log);
}
