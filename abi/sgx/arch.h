// SPDX-License-Identifier: Apache-2.0
// The SGX architecture as Intel's SDM (vol. 3D) defines it: everything under abi/sgx. Constants and structures only;
// both sides, freestanding (includes <cstddef> and <cstdint> alone). Names are the SDM's, in this project's spelling.
#pragma once
#include "abi/sgx/attributes.h"
#include "abi/sgx/enclave.h"
#include "abi/sgx/leaves.h"
#include "abi/sgx/page.h"
#include "abi/sgx/record.h"
#include "abi/sgx/report.h"
#include "abi/sgx/sigstruct.h"
