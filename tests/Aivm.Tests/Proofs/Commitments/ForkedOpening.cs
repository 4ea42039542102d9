using Aivm.Primitives;
using Aivm.Proofs;
using Aivm.Proofs.Prover;
using static Aivm.Tests.Proofs.Commitments.NaiveVectors;

namespace Aivm.Tests.Proofs.Commitments;

/// <summary>What a prover that wants another value to be believed does.</summary>
internal enum Fork
{
    /// <summary>Nothing.</summary>
    Honest,

    /// <summary>Lies in the mask's value too, so that one rho makes up for the lie.</summary>
    GuessesRho,

    /// <summary>Chooses the value when it knows rho.</summary>
    Value,

    /// <summary>Chooses the mask's value when it knows rho.</summary>
    MaskValue,

    /// <summary>Chooses the combination of rows when it knows the positions.</summary>
    Combination,

    /// <summary>Changes the combination so that it fits as many columns as a codeword can, and hopes for these.</summary>
    SomeColumns,
}

/// <summary>
/// A prover of openings whose combination of rows is sent behind a mask. With some of its forks it goes back on what it has said: of use only if that was not absorbed.
/// </summary>
internal sealed class ForkedOpening : IDisposable
{
    /// <summary>Numbers of the messages that the transcript absorbs.</summary>
    public const int ValueMessage = 1;

    /// <inheritdoc cref="ValueMessage"/>
    public const int MaskValueMessage = 2;

    /// <inheritdoc cref="ValueMessage"/>
    public const int CombinationMessage = 3;

    /// <summary>The guess of <see cref="Fork.GuessesRho"/>.</summary>
    private static readonly Ext4 Guess = Ext4.From(5);

    private readonly OracleShape _shape;
    private readonly Ext4[][] _rows;
    private readonly Ext4[] _mask;
    private readonly CommittedMatrix _matrix;

    public ForkedOpening(OracleShape shape)
    {
        var random = new SecretRandom(new byte[32]);
        (_shape, _rows, _mask) = (shape, new Ext4[shape.Rows][], random.NextElements(shape.MessageLength));
        _matrix = new CommittedMatrix(shape.ColumnHeight, shape.CodeBits, random);
        for (var row = 0; row < _rows.Length; row++)
        {
            using var message = new FeltArray(shape.MessageLength);
            random.Fill(message.AsSpan());
            _matrix.Encode(row, shape.Code, message);
            _rows[row] = [.. Enumerable.Range(0, message.Length).Select(i => (Ext4)message[i])];
        }
        using var codeword = new ExtArray(shape.CodeLength);
        using var mask = ExtArray.Of(_mask);
        shape.Code.Encode(mask, codeword);
        _matrix.Write(shape.Rows, codeword);
        _matrix.Commit();
    }

    public void Dispose() => _matrix.Dispose();

    /// <param name="context">One trial's, which has challenges of its own.</param>
    /// <param name="probe">Makes the prover's probe and the verifier's.</param>
    /// <returns>Null if the verifier believes the prover.</returns>
    public Error? Error(Fork fork, string context, Func<TranscriptProbe?> probe)
    {
        var (transcript, point) = Begin(context, probe());
        var (columns, weights) = (Equality(point[.._shape.ColumnBits]), Equality(point[_shape.ColumnBits..]));
        var combination = new Ext4[_shape.MessageLength];
        for (var row = 0; row < _rows.Length; row++)
            for (var i = 0; i < combination.Length; i++)
                combination[i] += weights[row] * _rows[row][i];
        var (value, maskValue) = (Dot(combination, columns), Dot(_mask, columns));
        value += fork is Fork.Honest or Fork.Value ? Ext4.Zero : Ext4.One;
        maskValue += fork switch
        {
            Fork.GuessesRho => -Guess,
            Fork.Value => Ext4.One,
            _ => Ext4.Zero,
        };
        transcript.Absorb(value);
        transcript.Absorb(maskValue);
        var rho = transcript.NextChallenge();
        for (var i = 0; i < combination.Length; i++)
            combination[i] = _mask[i] + (rho * combination[i]);
        if (fork == Fork.Value)
            value = (Dot(combination, columns) - maskValue) * rho.Inverse();
        if (fork == Fork.MaskValue)
            maskValue = Dot(combination, columns) - (rho * value);
        if (fork == Fork.SomeColumns)
            Change(combination, [.. Enumerable.Range(0, combination.Length - 1)], columns, rho);
        transcript.Absorb(combination);
        var positions = transcript.NextPositions(_shape.Queries, _shape.CodeBits);
        if (fork == Fork.Combination)
            Change(combination, positions, columns, rho);

        var writer = new ProofWriter();
        writer.Write(value);
        writer.Write(maskValue);
        writer.Write(combination);
        _matrix.Open(positions, writer);
        (transcript, point) = Begin(context, probe());
        return OpeningCheck.Error(_shape, _matrix.Root, point, transcript, writer.ToArray());
    }

    /// <summary>Adds what vanishes at the positions, so often that the combination's value grows by rho.</summary>
    private void Change(Ext4[] combination, int[] positions, Ext4[] columns, Ext4 rho)
    {
        Ext4[] vanishing = [Ext4.One];
        foreach (var position in positions)
        {
            var point = _shape.Code.Point(position);
            vanishing = [.. Enumerable.Range(0, vanishing.Length + 1).Select(i =>
                (i > 0 ? vanishing[i - 1] : Ext4.Zero) - (i < vanishing.Length ? vanishing[i] * point : Ext4.Zero))];
        }
        var factor = rho * Dot(vanishing, columns).Inverse();
        for (var i = 0; i < vanishing.Length; i++)
            combination[i] += factor * vanishing[i];
    }

    private (Transcript Transcript, Ext4[] Point) Begin(string context, TranscriptProbe? probe)
    {
        var (transcript, point) = (new Transcript(context, probe), new Ext4[_shape.Variables]);
        transcript.Absorb(_matrix.Root.Span);
        transcript.NextChallenges(point);
        return (transcript, point);
    }
}
