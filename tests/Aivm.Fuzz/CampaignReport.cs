using System.Diagnostics;

namespace Aivm.Fuzz;

/// <summary>What a campaign tells a person.</summary>
internal static class CampaignReport
{
    public static void Progress(Campaign campaign, TimeSpan elapsed)
    {
        var total = campaign.Tally.Total;
        Console.Error.WriteLine($"{campaign.Target.Name}: {total:N0} inputs, {total / elapsed.TotalSeconds:N0}/s, {campaign.Failures.Count} failures");
        // A campaign may be stopped before its end.
        foreach (var failure in campaign.Failures)
            Console.Error.WriteLine($"  {failure.Command}: {failure.Exception.Message}");
    }

    /// <returns>Whether everything held.</returns>
    public static bool Print(Campaign campaign, TimeSpan elapsed)
    {
        using var process = Process.GetCurrentProcess();
        var total = campaign.Tally.Total;
        Console.WriteLine(
            $"{campaign.Target.Name}: {total:N0} inputs in {elapsed.TotalSeconds:N0} s ({total / elapsed.TotalSeconds:N0}/s), "
            + $"peak memory {process.PeakWorkingSet64 >> 20} MiB, slowest {campaign.Slowest.Time.TotalMilliseconds:N0} ms (input {campaign.Slowest.Index}), "
            + $"{campaign.Failures.Count} failures");
        foreach (var (code, count) in campaign.Tally.Sorted())
            Console.WriteLine($"  {count,12:N0} {100.0 * count / total,7:N3} %  {code}");
        foreach (var remark in campaign.Target.Remarks)
            Console.WriteLine($"  {remark}");
        foreach (var failure in campaign.Failures)
            Print(failure);
        return campaign.Failures.Count == 0;
    }

    /// <summary>One input by itself, and why it fails where it does.</summary>
    public static bool One(FuzzTarget target, byte[] input, Campaign? campaign = null)
    {
        Console.WriteLine($"{target.Name}: {input.Length} bytes {Convert.ToHexString(input.AsSpan(0, Math.Min(input.Length, 256)))}");
        if (campaign is not null)
        {
            foreach (var failure in campaign.Failures)
                Print(failure);
            return campaign.Failures.Count == 0;
        }
        Console.WriteLine(target.Check(input, new Random(0)).Code);
        return true;
    }

    private static void Print(FuzzFailure failure)
    {
        var path = Path.Combine(Path.GetTempPath(), $"aivm-fuzz-{failure.Target}-{failure.Seed}-{failure.Index}");
        File.WriteAllBytes(path, failure.Input);
        Console.WriteLine($"FAILED  {failure.Command}\n        {path}\n{failure.Exception}");
    }
}
