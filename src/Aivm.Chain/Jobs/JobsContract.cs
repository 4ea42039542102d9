namespace Aivm.Chain;

/// <summary>The Jobs contract: inferences that run off the chain. Each action has its own file.</summary>
internal static class JobsContract
{
    private static readonly ContractActions Actions = new(
        new(JobsAbi.Request, RequestJob.Execute, IsPayable: true),
        new(JobsAbi.Cancel, JobOffer.Cancel),
        new(JobsAbi.Accept, JobOffer.Accept),
        new(JobsAbi.Decline, JobOffer.Decline),
        new(JobsAbi.Submit, SubmitAnswer.Execute),
        new(JobsAbi.Expire, ExpireJob.Execute),
        new(JobsAbi.ChallengeByReplay, ChallengeAnswer.ByReplay),
        new(JobsAbi.ChallengeByProof, ChallengeAnswer.ByProof),
        new(JobsAbi.Quote, RequestJob.Quote),
        new(JobsAbi.Job, ReadJobs.Job),
        new(JobsAbi.JobCount, ReadJobs.JobCount),
        new(JobsAbi.ReceiptHeight, ReadJobs.ReceiptHeight),
        new(JobsAbi.Owed, ReadJobs.Owed));

    public static CallResult Execute(TransactionContext context, CallFrame frame) => Actions.Execute(context, frame);
}
