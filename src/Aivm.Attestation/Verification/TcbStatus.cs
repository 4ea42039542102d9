namespace Aivm.Attestation;

/// <summary>Intel's status of a platform's trusted computing base. The names are those of Intel's documents.</summary>
public enum TcbStatus
{
    UpToDate,
    SWHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSWHardeningNeeded,
    /// <summary>The platform was brought up to date while the trust domain ran: started again, it would be up to date.</summary>
    TDRelaunchAdvised,
    TDRelaunchAdvisedConfigurationNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
    Revoked,
    /// <summary>Older than every level that Intel lists.</summary>
    TcbNotSupported,
}
