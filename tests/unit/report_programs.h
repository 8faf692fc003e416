// Small programs with known bugs, for the tests of reports. Their source lines appear in golden
// reports: add new ones at the end of report_programs.cc.
#ifndef HEDDLE_TESTS_UNIT_REPORT_PROGRAMS_H_
#define HEDDLE_TESTS_UNIT_REPORT_PROGRAMS_H_

namespace heddle::testing {

void RaceWithoutLocks();
void RaceWithDifferentLocks();
void RaceThatALockDoesNotPrevent();
void RaceBehindARelaxedFlag();
void AbBa();
void SleepHoldingALock();
void LockTakenTwice();
void LockOfAnEndedThread();
void LostUpdate();
void UnlockByAnotherThread();
void ForgottenThread();
void JoinOfABlockedThread();
void ThreadsOfThreads();
void ManyThreadsDeadlock();
void LostWakeup();

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_REPORT_PROGRAMS_H_
