using Aivm.Primitives;
using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Circuits;

public sealed class PublicNumbersTests
{
    /// <summary>Numbers of statements lie in the same memory one after another: whatever a map does not write would be the last one's.</summary>
    [Fact]
    public void A_statement_leaves_nothing_of_its_numbers_for_the_next()
    {
        var model = SmallTrees.Model(leaf: 1000);
        var circuit = VectorCircuits.Build(model, samples: 2);
        long[][] inputs = [[-5, 4, 7, 12], [long.MinValue, 20, -1, long.MinValue], [3, 3, 3, 3]];
        PublicNumbers.Room Of(Circuit of, long[] input)
        {
            var statement = new ProofStatement(model.Hash, Hash256.Zero, input, VectorCircuits.Run(model, 2, input));
            Assert.True(of.TryCompute(statement, out var numbers, out var error), error?.ToString());
            return numbers;
        }

        PublicNumbers.Room? last = null;
        foreach (var input in (long[][])[.. inputs, .. inputs])
        {
            var (fresh, numbers) = (Of(VectorCircuits.Build(model, samples: 2), input), Of(circuit, input));
            Assert.Equal(fresh.Integers, numbers.Integers);
            Assert.Equal(fresh.Elements, numbers.Elements);
            Assert.True(last is null || last == numbers);
            circuit.Public.Keep(last = numbers);
        }
        Assert.NotSame(Of(circuit, inputs[0]), Of(circuit, inputs[0]));
    }
}
