using Aivm.Cli.Accounts;
using Aivm.Cli.Models;
using Aivm.Cli.Output;
using Aivm.Cli.Proving;
using Aivm.Primitives;
using Aivm.Provider;

namespace Aivm.Cli.Providing;

/// <summary>Models with private weights that a provider answers for: their keys are its alone as long as it runs.</summary>
internal sealed class OwnModels : IDisposable
{
    private readonly List<PrivateWeights> _weights = [];

    public IReadOnlyList<PrivateWeights> Weights => _weights;

    /// <param name="offersProofs">Nothing else shows what such a model gave.</param>
    /// <exception cref="AivmException"><c>usage</c>, <c>weights-not-found</c>, and those of <see cref="PrivateWeights"/>.</exception>
    public static OwnModels Open(IReadOnlyList<FileInfo> files, FileInfo? passwordFile, bool offersProofs, Terminal terminal)
    {
        if (files.Count > 0 && !offersProofs)
            throw new AivmException(Failure.Input, "usage", "--private-model goes with --evidence zk: nothing else shows what such a model gave.");
        var own = new OwnModels();
        try
        {
            var password = files.Count == 0 ? "" : Password.Existing(passwordFile, terminal);
            foreach (var file in files)
            {
                var full = ModelFile.Load(file);
                if (!WeightKeys.Exists(full))
                    throw new AivmException(
                        Failure.Input, "weights-not-found", $"There is no key of private weights for {file.Name}: publish it with 'aivm model publish --private-weights' first.");
                own._weights.Add(WeightKeys.Open(full, password, _ => { }));
                own._weights[^1].Check();
            }
            return own;
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var weights in _weights)
            weights.Dispose();
    }
}
