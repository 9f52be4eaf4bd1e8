using System.Globalization;
using Fota.Manifest;

namespace Fota.UpdateServer.Rollouts;

/// <summary>What a plan that somebody writes now has to keep to (docs/spec/rollouts.md, O-1 and O-2).</summary>
internal static class PlanRules
{
    private const int MaxMinutes = 525_600, MaxRetries = 10, MaxWindows = 32, MaxPassThrough = 16;

    /// <exception cref="RejectedException">Something is out of range, contradicts something else, or is unknown.</exception>
    public static void Require(PlanDocument plan)
    {
        ReleaseVersion version = ReleaseVersion.Parse(plan.Version);
        RequireWay(plan, version);
        StageRules.Require(plan.Stages);
        Demand.AtLeastOne(plan.AbortAfterFailures, "abort_after_failures");
        Demand.Within(plan.AbortAbovePercent, 1, 99, "abort_above_percent");
        StageRules.RequireFilter(plan.Filter, "filter");
        Demand.Within(plan.TimeoutMinutes, 1, MaxMinutes, "timeout_minutes");
        if (plan.TimeoutMinutes is null && plan.Stages.Any(static s => s.Cap is not null))
        {
            // A device that is never heard of again would keep its place for ever.
            throw Demand.Wrong("stages", "timeout_minutes beside a cap", "none");
        }

        if (plan.Windows is { } windows)
        {
            RequireWindows(windows);
        }

        foreach ((string reason, int retries) in plan.Retries ?? new Dictionary<string, int>(StringComparer.Ordinal))
        {
            _ = Enum.TryParse(reason, out RejectionReason known) && known.ToString() == reason ? known : throw Demand.Wrong("retries", "names of reasons", reason);
            Demand.Within(retries, 1, MaxRetries, "retries");
        }

        _ = plan.Newcomers is null or PlanReader.Join or PlanReader.Leave ? plan.Newcomers : throw Demand.Wrong("newcomers", $"{PlanReader.Join} or {PlanReader.Leave}", plan.Newcomers);
    }

    private static void RequireWay(PlanDocument plan, ReleaseVersion version)
    {
        ReleaseVersion? before = null;
        foreach (PassThroughDocument? release in Demand.AtMost(plan.PassThrough ?? [], MaxPassThrough, "pass_through"))
        {
            ReleaseVersion next = ReleaseVersion.Parse(release?.Version ?? throw Demand.Wrong("pass_through", "releases", "null"));
            before = next < version && (before is null || next > before)
                ? next
                : throw Demand.Wrong("pass_through", $"versions below {version}, each above the one before", next);
        }
    }

    private static void RequireWindows(WindowsDocument windows)
    {
        if (Demand.AtMost(windows.Times, MaxWindows, "windows.times").Count == 0)
        {
            throw Demand.Wrong("windows.times", "at least one", 0);
        }

        foreach (WindowDocument? window in windows.Times)
        {
            if (window is null || window.Days?.Count == 0 || window.Days?.Any(static d => !PlanReader.Days.Contains(d, StringComparer.Ordinal)) == true)
            {
                throw Demand.Wrong("windows.times", $"days of {string.Join(", ", PlanReader.Days)}", window?.Days is null ? "null" : string.Join(", ", window.Days));
            }

            RequireTime(window.From);
            RequireTime(window.To);
        }

        if (windows.TimeZone is { } zone)
        {
            TimeZones.Require(zone, "windows.time_zone");
        }
    }

    private static void RequireTime(string text)
    {
        if (!TimeOnly.TryParseExact(text, PlanReader.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            throw Demand.Wrong("windows.times", "times like 02:30", text);
        }
    }
}
